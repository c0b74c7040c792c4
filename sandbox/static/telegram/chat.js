// The chat page lives: forms are sent without leaving it, and while somebody looks at it the server is asked what is new.
// Every answer is the whole page, as without scripts; of it is taken over what differs, so that nothing jumps.
const desk = document.querySelector("[data-chat]");
const SOON = 350;
const LATER = 1500;
const LONGEST = 15000;
const QUICK_FOR = 15000; // after something has happened
const AWAY = 80; // pixels above the last message from where one is reading what was said before

let known = desk.dataset.known;
let timer = 0;
let wait = LATER;
let happened = performance.now();
let serial = 0; // of what was sent: an answer to an earlier question is out of date
let sending = Promise.resolve();
const asServed = new Map(); // each part as the server wrote it, not as it was opened or focused since

for (const part of desk.querySelectorAll("[data-part]")) asServed.set(part.id, part.innerHTML);

const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const isAway = (log) => log.scrollTop < -AWAY;

function takeOver(page, isOurs) {
  const fresh = page.querySelector("[data-chat]");
  if (!fresh) throw new Error("another page");
  if (fresh.dataset.known !== known) happened = performance.now();
  known = fresh.dataset.known;
  for (const list of fresh.querySelectorAll("[data-list]")) merge(document.getElementById(list.id), list);
  for (const part of fresh.querySelectorAll("[data-part]")) renew(document.getElementById(part.id), part);
  const token = page.querySelector("[name=csrf_token]").value;
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
  if (!isOurs) return;
  for (const old of document.querySelectorAll("main > .notice")) old.remove();
  desk.before(...page.querySelectorAll("main > .notice"));
}

function merge(list, fresh) {
  const log = list.closest(".phone-log");
  const wasAway = isAway(log);
  const stay = new Set([...fresh.children].map((item) => item.id));
  for (const old of [...list.children]) if (!stay.has(old.id)) old.remove();
  let at = list.firstElementChild;
  let hasNews = false;
  for (const item of [...fresh.children]) {
    if (item.id !== at?.id) {
      list.insertBefore(item, at);
      hasNews = true;
    } else {
      const next = at.nextElementSibling;
      if (item.dataset.v !== at.dataset.v) {
        at.replaceWith(item);
        hasNews = true;
      }
      at = next;
    }
  }
  if (hasNews && wasAway) log.parentElement.querySelector(".phone-news").hidden = false;
}

function renew(part, fresh) {
  if (asServed.get(part.id) === fresh.innerHTML) return;
  asServed.set(part.id, fresh.innerHTML);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  part.replaceChildren(...fresh.childNodes);
  if (!focused) return;
  const alike = [...part.querySelectorAll("button")].find((one) => one.name === focused.name && one.value === focused.value);
  (alike || part.closest(".phone")?.querySelector(".phone-log") || part.querySelector("button"))?.focus({ preventScroll: true });
}

async function send(form, submitter, body) {
  const text = form.querySelector("[data-write]");
  serial += 1;
  submitter?.setAttribute("aria-busy", "true");
  try {
    let answer = await fetch(form.action, { method: "POST", body });
    if (answer.status === 400) {
      // somebody else has signed in on this browser since: the page's token is renewed
      takeOver(parse(await (await fetch(location.href)).text()), true);
      body.set("csrf_token", form.elements.csrf_token.value);
      answer = await fetch(form.action, { method: "POST", body });
    }
    if (!answer.ok) throw new Error(answer.status);
    history.replaceState(null, "", answer.url);
    takeOver(parse(await answer.text()), true);
    if (text && document.querySelector("main > .notice-error") && !text.value) text.value = body.get("text");
    const phone = form.closest(".phone");
    if (phone) {
      phone.querySelector(".phone-log").scrollTop = 0;
      if (document.activeElement === document.body) phone.querySelector(".phone-log").focus({ preventScroll: true });
    }
  } catch {
    if (text && !text.value) text.value = body.get("text");
    complain();
  } finally {
    serial += 1;
    submitter?.removeAttribute("aria-busy");
    happened = performance.now();
    again(SOON);
  }
}

function complain() {
  for (const old of document.querySelectorAll("main > .notice")) old.remove();
  const notice = document.createElement("div");
  notice.className = "notice notice-error";
  notice.role = "alert";
  const words = document.createElement("p");
  words.textContent = desk.dataset.failed;
  notice.append(words);
  desk.before(notice);
}

async function look() {
  timer = 0;
  const mine = serial;
  const address = new URL(location.href);
  address.hash = "";
  address.searchParams.set("known", known);
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.status);
    if (answer.status !== 204) {
      const page = parse(await answer.text());
      if (mine === serial) takeOver(page, false);
    }
    wait = performance.now() - happened < QUICK_FOR ? SOON : LATER;
  } catch {
    wait = Math.min(LONGEST, 2 * wait);
  }
  again(wait);
}

function again(after) {
  clearTimeout(timer);
  timer = document.hidden ? 0 : setTimeout(look, after);
}

desk.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const text = form.querySelector("[data-write]");
  if (text) text.value = "";
  event.submitter?.closest("details.menu")?.removeAttribute("open");
  sending = sending.then(() => send(form, event.submitter, body)); // in the order in which it was said
});
desk.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-write]") || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target.value.trim()) event.target.form.requestSubmit();
});
for (const phone of desk.querySelectorAll(".phone")) {
  const log = phone.querySelector(".phone-log");
  const news = phone.querySelector(".phone-news");
  log.addEventListener("scroll", () => isAway(log) || (news.hidden = true), { passive: true });
  news.addEventListener("click", () => {
    log.scrollTop = 0;
    news.hidden = true;
  });
}
document.addEventListener("visibilitychange", () => again(0));
again(LATER);
desk.dataset.ready = "";
