// A region that asks the server anew what it should show (`data-poll`, a piece of a page) every `data-every` milliseconds
// while somebody looks at it. A slow or failing server is asked more rarely. Something new is announced (`data-news`).
import { announce, startAll } from "./main.js";

const LONGEST = 30000;

export function start(region) {
  const every = Number(region.dataset.every);
  let wait = every;
  let timer = 0;
  let known = region.textContent.trim();

  async function look() {
    timer = 0;
    const began = performance.now();
    try {
      const answer = await fetch(region.dataset.poll);
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.text());
      wait = Math.min(LONGEST, Math.max(every, 10 * (performance.now() - began)));
    } catch {
      wait = Math.min(LONGEST, 2 * wait);
    }
    again();
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    if (fresh.textContent.trim() === known) return;
    known = fresh.textContent.trim();
    const focused = region.contains(document.activeElement) && document.activeElement.dataset.copy;
    region.replaceChildren(...fresh.childNodes);
    startAll(region);
    if (focused) region.querySelector(`[data-copy="${focused}"]`)?.focus();
    announce(region.dataset.news);
  }

  function again() {
    if (!timer && !document.hidden && region.isConnected) timer = setTimeout(look, wait);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    timer = 0;
    if (!document.hidden && region.isConnected) look();
  });
  again();
}
