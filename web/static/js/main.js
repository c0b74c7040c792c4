// Starts the module that each `data-module` names, on what the page holds now and on what a swap brings later.
document.documentElement.classList.add("has-js");

export function startAll(root) {
  for (const element of root.querySelectorAll("[data-module]")) {
    if (element.dataset.started) continue;
    element.dataset.started = "1";
    const names = element.dataset.module.split(" ").filter((name) => /^[a-z-]+$/.test(name));
    const starts = names.map((name) => import(`./${name}.js`).then((module) => module.start(element)));
    Promise.all(starts).then(() => (element.dataset.ready = ""));
  }
}

export function announce(text) {
  const place = document.querySelector("[data-announcer]");
  if (place && text) place.textContent = text;
}

startAll(document);
const wanted = document.querySelector("[data-focus]");
if (wanted) wanted.focus();
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
