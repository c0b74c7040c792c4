// The code for the till: counts its time down, asks again while the page is looked at, and shows the next one by itself.
// When the code was used, what the page says of the points is fetched again.
import { announce, startAll } from "./main.js";

const EVERY = 4000;
const AT_MOST = 15 * 60 * 1000; // a forgotten page asks no more, until somebody touches it
let touched = Date.now();
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => (touched = Date.now()), { passive: true });

export function start(box) {
  const end = Date.now() + Number(box.dataset.seconds) * 1000;
  const timer = box.querySelector("[data-timer]");
  const bar = box.querySelector("[data-bar]");
  let asking = false;

  function count() {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const text = left ? box.dataset.left : box.dataset.over;
    timer.textContent = text.replace("{m}", Math.floor(left / 60)).replace("{s}", String(left % 60).padStart(2, "0"));
    bar.value = left;
    box.classList.toggle("is-over", !left);
  }

  async function look() {
    if (asking || document.visibilityState !== "visible" || Date.now() - touched > AT_MOST) return;
    asking = true;
    try {
      const fresh = (await read(box.dataset.source))?.querySelector("#till-code");
      if (fresh && fresh.dataset.code !== box.dataset.code) await renew(fresh);
    } catch {
      // no connection right now: the next look may have one
    } finally {
      asking = false;
    }
  }

  async function renew(fresh) {
    const page = document.querySelector("#total") && (await read(location.pathname));
    for (const name of ["#pass", "#points", "#latest"]) {
      const old = document.querySelector(name);
      const now = page?.querySelector(name);
      if (!old || !now || old.textContent === now.textContent) continue;
      if (name === "#pass") announce(box.dataset.news.replace("{points}", now.querySelector("#total").textContent));
      old.replaceWith(now);
    }
    stop();
    const next = page?.querySelector("#till-code") || fresh;
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.part;
    box.replaceWith(next);
    startAll(next.parentElement);
    if (focused) next.querySelector(`[data-part="${focused}"]`).focus({ preventScroll: true });
  }

  function stop() {
    clearInterval(counting);
    clearInterval(looking);
    document.removeEventListener("visibilitychange", look);
  }

  const counting = setInterval(count, 500);
  const looking = setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
  count();
}

async function read(address) {
  const answer = await fetch(address);
  if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload(); // signed out elsewhere: to the door
  return answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}
