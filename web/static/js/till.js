// The till while somebody types: what the purchase comes to appears by itself, and Enter goes to the next step. A scanner
// types and presses Enter too. The server answers whole pages; of the answer to a live question only one region is taken.
import { announce, startAll } from "./main.js";

const ASKS = ["customer", "amount", "branch"];
const WAIT = 250;

export function start(root) {
  const form = root.querySelector("form");
  const field = (name) => form.elements[name];
  const services = [...form.querySelectorAll("[name=service]")];
  const typed = () =>
    [...ASKS.map((name) => field(name)?.value.trim()), ...services.filter((one) => one.checked).map((one) => one.value)].join("\n");
  const shown = (one) => one?.defaultValue ?? [...(one?.options ?? [])].find((option) => option.defaultSelected)?.value;
  let asked = [
    ...ASKS.map((name) => shown(field(name))?.trim()),
    ...services.filter((one) => one.defaultChecked).map((one) => one.value),
  ].join("\n");
  let filled = "";
  let timer = 0;
  let running = null;
  let isSent = false;

  async function look() {
    clearTimeout(timer);
    if (typed() === asked) return;
    asked = typed();
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("act", "live");
    document.querySelector("#till-seen").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "post", body, signal: running.signal });
      if (answer.redirected) return location.assign(answer.url); // signed out meanwhile
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(page.querySelector("#till-seen"));
    } catch (error) {
      if (error.name !== "AbortError") asked = ""; // no network: the buttons still send the form
    }
  }

  function show(fresh) {
    const old = document.querySelector("#till-seen");
    if (!fresh) return old.removeAttribute("aria-busy");
    const focused = old.contains(document.activeElement) && document.activeElement.name;
    const name = old.querySelector("[name=name]")?.value;
    old.replaceWith(fresh);
    if (name && field("name")) field("name").value = name;
    if (focused) fresh.querySelector(`[name="${focused}"]`)?.focus();
    startAll(fresh.parentElement);
    announce(fresh.dataset.say);
  }

  // the sum is that of the services until somebody types another one
  function fill() {
    const amount = field("amount");
    const kopecks = services.reduce((sum, one) => sum + (one.checked ? Math.round(Number(one.dataset.price) * 100) : 0), 0);
    if (amount.value.trim() && amount.value !== filled) return;
    amount.value = filled = kopecks ? (kopecks / 100).toFixed(kopecks % 100 ? 2 : 0) : "";
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "service") fill();
    else if (!ASKS.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });

  form.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    const from = event.target.name;
    if (from === "customer") field("amount").focus();
    await look();
    if (from === "customer") return;
    form.querySelector(`button[value="${from === "points" ? "hold" : "credit"}"]`)?.focus();
  });

  form.addEventListener("submit", (event) => {
    if (isSent) return event.preventDefault();
    isSent = true;
    running?.abort();
    event.submitter?.setAttribute("aria-busy", "true");
  });

  look(); // what was typed before this module had arrived

  // come back to by the browser's own memory: what is shown here has been posted
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
