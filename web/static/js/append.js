// “Show more”: the next page's rows are put under those of `data-list` instead of in their place. A link without scripts.
import { announce, startAll } from "./main.js";

export function start(box) {
  box.addEventListener("click", async (event) => {
    const link = event.target.closest("a[rel=next]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || answer.redirected) throw new Error("not the next page");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const rows = [...page.querySelector(box.dataset.list).children];
      const next = page.querySelector(`[data-list="${box.dataset.list}"] a[rel=next]`);
      const list = document.querySelector(box.dataset.list);
      list.append(...rows);
      startAll(list);
      if (next) link.replaceWith(next);
      else box.replaceChildren();
      rows[0].tabIndex = -1;
      rows[0].focus({ preventScroll: true });
      announce(rows[0].textContent.replace(/\s+/g, " ").trim());
    } catch {
      location.assign(link.href);
    }
  });
}
