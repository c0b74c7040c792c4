// A form whose answer replaces one region of the page instead of the whole of it. The server knows nothing of this: it
// answers a page, as it does without scripts. `data-swap` is the region's selector; with `data-live` (milliseconds) the
// form also sends itself that long after the last change, to the address in `data-live-action` if there is one. A button
// with `data-whole` sends the form as without scripts: its answer is another page.
import { announce, startAll } from "./main.js";

export function start(form) {
  let running = null;
  let timer = 0;

  async function send(action, submitter, quietly) {
    if (running && !quietly) return;
    running?.abort();
    const mine = (running = new AbortController());
    const body = new URLSearchParams(new FormData(form));
    if (submitter?.name) body.append(submitter.name, submitter.value);
    submitter?.setAttribute("aria-busy", "true");
    try {
      const isGet = form.method === "get";
      const address = isGet ? `${action.split("?")[0]}?${body}` : action;
      const answer = await fetch(address, { method: form.method, body: isGet ? undefined : body, signal: mine.signal });
      if (!(answer.headers.get("Content-Type") || "").startsWith("text/html")) throw new Error("not a page");
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const old = document.querySelector(form.dataset.swap);
      const fresh = page.querySelector(form.dataset.swap);
      if (!old || !fresh) throw new Error("no such region");
      old.replaceWith(fresh);
      startAll(fresh.parentElement);
      if (quietly) return announce(fresh.querySelector("[data-announce]")?.textContent.trim());
      if (isGet) history.replaceState(null, "", address);
      const target = fresh.querySelector("[data-focus], [aria-invalid=true], h1, h2") || fresh;
      if (!target.matches("input, a, button, select, textarea")) target.tabIndex = -1;
      target.focus();
      announce(target.textContent.trim() || page.title);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!quietly) sendPlainly(submitter);
    } finally {
      if (running === mine) running = null;
      submitter?.removeAttribute("aria-busy");
    }
  }

  function sendPlainly(submitter) {
    if (submitter?.name) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: submitter.name, value: submitter.value });
      form.append(field);
    }
    form.action = submitter?.getAttribute("formaction") || form.action;
    form.submit();
  }

  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-whole")) return;
    event.preventDefault();
    clearTimeout(timer);
    const submitter = event.submitter;
    send(submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href, submitter, false);
  });

  if (form.dataset.live) {
    const wait = () => {
      clearTimeout(timer);
      const action = form.dataset.liveAction || form.getAttribute("action") || location.href;
      timer = setTimeout(() => send(action, null, true), Number(form.dataset.live));
    };
    form.addEventListener("input", wait);
    const isChanged = (field) => field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked;
    if ([...form.elements].some(isChanged)) wait(); // typed before this module had arrived
  }
}
