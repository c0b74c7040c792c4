// A region that asks the server anew what it should show every `data-every` milliseconds while somebody looks at it.
// `data-poll` is the address of a piece of a page, or of a page with a region of the same id; where that one asks no more,
// neither does this, and numbers elsewhere on the page (`data-beside`) change with it. What somebody is typing into is left
// alone. What is new is seen by the text, or by `data-state` where scripts change the text. A slow or failing server is asked
// more rarely. Something new is announced (`data-news`).
import { announce, startAll } from "./main.js";

const LONGEST = 30000;

export function start(region) {
  const every = Number(region.dataset.every);
  let wait = every;
  let timer = 0;
  let isOver = false;
  const told = (part) => part.dataset.state ?? part.textContent.trim();
  let known = told(region);

  async function look() {
    timer = 0;
    const began = performance.now();
    try {
      const answer = await fetch(region.dataset.poll);
      if (answer.redirected) return location.assign(answer.url); // signed out meanwhile
      if (!answer.ok) throw new Error(answer.status);
      isOver = show(await answer.text());
      wait = Math.min(LONGEST, Math.max(every, 10 * (performance.now() - began)));
    } catch {
      wait = Math.min(LONGEST, 2 * wait);
    }
    again();
  }

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html").body;
    const part = region.id && page.querySelector(`#${region.id}`);
    const fresh = part || page;
    if (told(fresh) === known || isInUse()) return false;
    known = told(fresh);
    const focused = region.contains(document.activeElement) && document.activeElement.dataset.copy;
    region.replaceChildren(...fresh.childNodes);
    startAll(region);
    if (focused) region.querySelector(`[data-copy="${focused}"]`)?.focus();
    for (const mark of page.querySelectorAll("[data-beside]"))
      for (const old of document.querySelectorAll(`[data-beside="${mark.dataset.beside}"]`)) old.replaceWith(mark.cloneNode(true));
    announce(region.dataset.news);
    return Boolean(part && !part.dataset.poll);
  }

  function isInUse() {
    const changed = (field) => field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked;
    const fields = [...region.querySelectorAll("input, textarea")];
    return fields.some((field) => field === document.activeElement || changed(field)) || region.querySelector("details[open], .refusals");
  }

  function again() {
    if (!timer && !isOver && !document.hidden && region.isConnected) timer = setTimeout(look, wait);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    timer = 0;
    if (!isOver && !document.hidden && region.isConnected) look();
  });
  again();
}
