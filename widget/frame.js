// The frame: signs a person in to look at their points at one partner, shows them, and asks the staff for those of a purchase.
// Nothing can be spent here.
//
// It stands on a page that may be anybody's. What it tells that page (`tell`) is whether it is open, how high, and that
// somebody came or went: no balance, no name. What it hears from it is one word, `open`. The session is a cookie that
// scripts cannot read; a browser that keeps none gets a secret, which stays in `session` until this page is left.
const given = JSON.parse(document.getElementById("settings").textContent);
const find = (id) => document.getElementById(id);
const isFramed = window.parent !== window;
const host = findHost();
let state = "waiting";
let session = null;
let contact = null;
let cursor = null;
let wasIn = false;
const covered = {};
let wasWarned = false;
let isAway = false;
let claims = [];
let claimKey = null;
let timer = 0;
let wait = 0;

document.documentElement.style.setProperty("--accent", given.colour);

// The page around

function findHost() {
  const seen = window.location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  return isFramed && given.sites.includes(seen) ? seen : null;
}

function tell(type, value) {
  if (host) window.parent.postMessage({ kopilka: type, value }, host);
}

window.addEventListener("message", (event) => {
  if (!host || event.source !== window.parent || event.origin !== host || event.data?.kopilka !== "open") return;
  if (state === "member" || state === "stranger") look();
  focusHeading();
});
window.addEventListener("focus", () => {
  if (document.activeElement === document.body) focusHeading();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tell("close");
});
find("close").addEventListener("click", () => tell("close"));
find("close").hidden = !host;
new ResizeObserver(() => tell("height", Math.ceil(document.body.scrollHeight))).observe(document.body);

// Calls

class Refused extends Error {
  constructor(status, code, fields = []) {
    super(code);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

async function call(method, name, body, key) {
  const headers = { "X-Widget-Frame": given.token };
  if (key) headers["Idempotency-Key"] = key;
  if (session) headers["X-Widget-Session"] = session;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/widget/${given.partner}/${name}`, {
    method, headers, body: body && JSON.stringify(body), cache: "no-store",
  });
  const said = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Refused(answer.status, said.code, Object.keys(said.errors ?? {}));
  return said;
}

// Whatever went wrong, on the field it is about, or as a state of the whole frame.
function explain(error, field) {
  if (error.status === 404) return forget(), show("gone");
  if (error.status === 403 || !error.status || error.status >= 500) return show("trouble");
  if (!field) return show("intro");
  field.setAttribute("aria-invalid", "true");
  find(`${field.id}-error`).textContent = given.texts[error.code] ?? given.texts.otherwise;
  field.focus();
}

function clear(field) {
  field.removeAttribute("aria-invalid");
  find(`${field.id}-error`).textContent = "";
}

// What is shown

function show(next, notice = "") {
  state = next;
  for (const section of document.querySelectorAll("[data-state]")) section.hidden = section.dataset.state !== next;
  note(notice);
  focusHeading();
}

function note(text) {
  find("notice").hidden = !text;
  find("notice").textContent = text;
}

const FIRST = { ask: "contact", code: "digits", claim: "amount", arrive: "arrival" };

function focusHeading() {
  const field = FIRST[state] && find(FIRST[state]);
  const heading = document.querySelector(`[data-state="${state}"] h1`);
  if (document.hasFocus()) (field ?? heading)?.focus();
}

const numbers = new Intl.NumberFormat(given.language);
const days = new Intl.DateTimeFormat(given.language, { day: "numeric", month: "long", timeZone: given.timezone });
const plurals = new Intl.PluralRules(given.language);
const points = (n) => given.texts.points[plurals.select(Math.abs(n))].replace("{n}", numbers.format(n).replace("-", "−"));
const signed = (n) => (n > 0 ? "+" : "") + numbers.format(n).replace("-", "−");
const money = (sum) => new Intl.NumberFormat(given.language, {
  style: "currency", currency: given.currency, minimumFractionDigits: sum % 1 ? 2 : 0,
}).format(sum).replace("-", "−");

function add(parent, tag, text, className) {
  const element = parent.appendChild(document.createElement(tag));
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function fill(standing, isMore) {
  cursor = standing.operations.next_cursor;
  find("more").hidden = !cursor;
  if (!isMore) {
    find("balance").textContent = points(standing.balance);
    find("worth").textContent = `= ${money(standing.balance * given.point_value)}`;
    const facts = find("facts");
    facts.replaceChildren();
    if (standing.pending) add(facts, "li", given.texts.pending.replace("{points}", points(standing.pending)));
    if (standing.held) add(facts, "li", given.texts.held.replace("{points}", points(standing.held)));
    for (const lot of standing.expiring.slice(0, 3)) {
      const day = days.format(new Date(lot.at));
      add(facts, "li", given.texts.expiring.replace("{points}", points(lot.points)).replace("{day}", day));
    }
    find("survey").hidden = !standing.survey;
    if (standing.survey) find("survey").href = standing.survey;
    find("history").replaceChildren();
    find("no-history").hidden = standing.operations.items.length > 0;
  }
  for (const operation of standing.operations.items) {
    const row = add(find("history"), "li");
    const what = add(row, "span", given.texts.stories[operation.story] ?? "");
    const sum = operation.check_amount === null ? "" : ` · ${money(+operation.check_amount)}`;
    add(what, "span", days.format(new Date(operation.occurred_at)) + sum, "quiet");
    add(row, "b", signed(operation.points), operation.points > 0 ? "good" : "");
  }
}

// What runs for the person, and how far the next tier is

const words = given.texts.offer;
const put = (text, n, m) => text.replace("{n}", n).replace("{m}", m);
const count = (forms, n) => put(forms[plurals.select(n)], n);
const weekday = new Intl.DateTimeFormat(given.language, { weekday: "short", timeZone: "UTC" });
const VISITS = {
  first: () => words.first,
  second: (terms) => (terms.within_days ? count(words.within, terms.within_days) : words.second),
  return: (terms) => count(words.return, terms.within_days),
};

function tellTerms(terms) {
  const told = [];
  if (terms.factor) told.push(put(words.factor, numbers.format(terms.factor)));
  else if (terms.points) told.push(points(terms.points));
  else told.push(put(words.rate, new Intl.NumberFormat(given.language, { style: "percent", maximumFractionDigits: 2 }).format(terms.rate)));
  if (terms.categories) told.push(put(words.categories, terms.categories.join(", ")));
  if (terms.min_amount) told.push(put(words.min_amount, money(+terms.min_amount)));
  for (const one of terms.hours ?? []) {
    const names = one.days.map((day) => weekday.format(Date.UTC(2024, 0, day))); // that year began on a Monday
    told.push(`${names.join(", ")} ${one.since}–${one.until}`);
  }
  if (terms.visit) told.push(VISITS[terms.visit](terms));
  if (terms.birthday) told.push(put(words.birthday, ...terms.birthday));
  if (terms.per_person) told.push(put(words.per_person, terms.per_person));
  if (terms.life_days) told.push(count(words.life_days, terms.life_days));
  return told;
}

function fillOffers({ items, tier }) {
  find("offers-title").hidden = !items.length;
  find("offers").replaceChildren();
  for (const one of items) {
    const told = tellTerms(one.terms);
    if (one.ends_at) told.push(put(words.until, days.format(new Date(one.ends_at) - 1)));
    add(add(find("offers"), "li", one.name), "span", told.join(", "), "quiet");
  }
  find("tier").hidden = !tier?.tier && !tier?.following;
  if (find("tier").hidden) return;
  find("tier-name").textContent = tier.tier ? `${tier.tier} ×${numbers.format(tier.factor)}` : "";
  find("tier-bar").hidden = find("tier-next").hidden = !tier.following;
  if (!tier.following) return;
  const missing = tier.measure === "spent" ? money(+tier.missing) : points(Math.ceil(tier.missing));
  find("tier-next").textContent = put(words.next, missing, tier.following);
  find("tier-bar").value = +tier.sum / (+tier.sum + +tier.missing) || 0;
}

function fillClaims(items) {
  claims = items;
  find("claims-title").hidden = !items.length;
  find("claims").replaceChildren();
  for (const one of items) {
    const row = add(find("claims"), "li");
    const what = add(row, "span", money(+(one.approved_amount ?? one.amount)));
    const told = given.texts.claims[one.state];
    add(what, "span", one.reason ? `${told}: ${one.reason}` : told, one.state === "refused" ? "wrong small" : "quiet");
    if (one.points) add(row, "b", signed(one.points), "good");
  }
  follow();
}

// While something waits and somebody looks, ask what became of it, ever more rarely.
function follow() {
  clearTimeout(timer);
  if (claims.some((one) => one.state === "waiting")) timer = setTimeout(lookAtClaims, wait);
}

async function lookAtClaims() {
  wait = Math.min(wait * 1.3, 60000);
  if (state !== "member" || document.hidden || !window.innerHeight) return follow();
  try {
    const items = (await call("GET", "claims")).items;
    if (JSON.stringify(items) === JSON.stringify(claims)) return follow();
    fill(await call("GET", "me"), false);
    const decided = items.find((one) => claims.some((old) => old.id === one.id && old.state !== one.state));
    if (decided) note(decided.points ? `${given.texts.claims.approved}: ${points(decided.points)}` : given.texts.claims[decided.state]);
    fillClaims(items);
  } catch (error) {
    if (error.status === 401) return look();
    follow();
  }
}

// What people do

async function look() {
  isAway = false;
  try {
    const standing = await call("GET", "me");
    fill(standing, false);
    wait = 4000;
    if (standing.is_member) {
      const [asked, offers] = await Promise.all([call("GET", "claims"), call("GET", "offers")]);
      fillClaims(asked.items);
      fillOffers(offers);
    }
    show(standing.is_member ? "member" : "stranger");
    if (!wasIn) tell("signed-in");
    wasIn = true;
  } catch (error) {
    if (error.status !== 401) return explain(error);
    const notice = wasIn ? given.texts.signed_out : "";
    forget();
    show("intro", notice);
  }
}

async function ask(field) {
  const typed = find("contact").value.trim();
  contact = typed.includes("@") ? { email: typed } : { phone: typed };
  try {
    await call("POST", "request-code", { ...contact, site: host === window.location.origin ? null : host });
  } catch (error) {
    const unreadable = contact.email ? "invalid_email" : "invalid_phone";
    return explain(error.code === "validation_error" ? new Refused(400, unreadable) : error, field);
  }
  find("sent-to").textContent = typed;
  find("digits").value = "";
  clear(find("digits"));
  show("code");
}

function forget() {
  if (wasIn) tell("signed-out");
  clearTimeout(timer);
  session = null;
  wasIn = false;
  claims = [];
  for (const id of ["balance", "worth", "facts", "history", "claims", "offers", "tier-name", "tier-next"]) find(id).replaceChildren();
  for (const id of ["amount", "receipt"]) find(id).value = "";
  find("survey").hidden = true;
  find("survey").removeAttribute("href");
}

async function leave() {
  try {
    await call("POST", "sign-out");
  } catch (error) {
    if (error.status !== 404) return explain(error);
  }
  forget();
  show("intro", given.texts.signed_out);
}

function onSubmit(id, act) {
  const form = find(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return;
    const field = form.querySelector("input");
    for (const one of form.querySelectorAll("input")) clear(one);
    button.setAttribute("aria-disabled", "true");
    await act(field).finally(() => button.removeAttribute("aria-disabled"));
  });
}

onSubmit("ask", ask);
onSubmit("code", async (field) => {
  if (warn(field)) return;
  try {
    session = (await call("POST", "verify-code", { ...contact, code: field.value })).session;
  } catch (error) {
    return explain(error.code === "validation_error" ? new Refused(401, "code_wrong") : error, field);
  }
  find("contact").value = field.value = "";
  await look();
});
// Where "Join" leads to a tab of our own, the way back is a code that it shows.
// Whoever is signed in here already needs none: when they come back, their points are looked at anew.
for (const link of document.querySelectorAll("[data-join]")) {
  link.addEventListener("click", () => (wasIn ? (isAway = true) : show("arrive")));
}
document.addEventListener("visibilitychange", () => {
  if (isAway && wasIn && !document.hidden) look();
});
onSubmit("arrive", async (field) => {
  if (warn(field)) return;
  try {
    session = (await call("POST", "arrive", { code: field.value.replace(/\s/g, "") })).session;
  } catch (error) {
    return explain(error.code === "validation_error" ? new Refused(401, "code_wrong") : error, field);
  }
  field.value = "";
  await look();
  if (state === "member") tell("joined");
});

// Something of the page lies over the field. It may be harmless, so this warns once and does not lock anybody out.
function warn(field) {
  if (!covered[field.id] || wasWarned) return false;
  wasWarned = true;
  find(`${field.id}-error`).textContent = given.texts.covered;
  return true;
}

find("claim-points").addEventListener("click", () => {
  claimKey = newKey();
  show("claim");
});
onSubmit("claim", async (field) => {
  const amount = find("amount").value.replace(/[\s\u00a0'’₽]/g, "").replace(",", ".") || null;
  const receipt = find("receipt").value.trim() || null;
  try {
    await call("POST", "claims", { amount, receipt }, claimKey);
  } catch (error) {
    if (error.status === 401) return look();
    if (error.code === "consent_required") return show("consent");
    claimKey = newKey(); // refused: what is sent next is another request
    const place = error.fields.includes("receipt") || error.code?.startsWith("fiscal_") ? find("receipt") : field;
    return explain(error.code === "validation_error" ? new Refused(400, "invalid_amount") : error, place);
  }
  find("amount").value = find("receipt").value = "";
  tell("claimed");
  await look();
  if (state === "member") note(given.texts.claimed);
});

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

if ("isVisible" in IntersectionObserverEntry.prototype) {
  const watch = new IntersectionObserver(
    (entries) => {
      for (const one of entries) {
        covered[one.target.id] = one.isIntersecting && !one.isVisible;
        one.target.form.dataset.visible = String(one.isVisible);
      }
    },
    { threshold: [0.5, 1], trackVisibility: true, delay: 100 },
  );
  for (const id of ["digits", "arrival"]) watch.observe(find(id));
}
find("again").addEventListener("click", async () => {
  await ask(find("digits"));
  if (state === "code") show("code", given.texts.sent_again);
});
for (const button of document.querySelectorAll("[data-leave]")) button.addEventListener("click", leave);
find("retry").addEventListener("click", () => (wasIn || contact ? look() : window.location.reload()));
find("more").addEventListener("click", async () => {
  try {
    fill(await call("GET", `me?cursor=${encodeURIComponent(cursor)}`), true);
  } catch (error) {
    explain(error);
  }
});
for (const button of document.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => show(button.dataset.go));
}

tell("ready");
if (given.has_session) look();
else show("intro");
