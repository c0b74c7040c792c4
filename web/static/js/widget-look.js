// Draws a widget beside its form as the form would have it, on a light and on a dark sheet; only where it would be seen.
import { contrast, darken, read, write } from "./contrast.js";

const SEEN_BY_ITSELF = 3;

export function start(box) {
  const form = document.querySelector(box.dataset.form);
  const ratio = (number) => `${number.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} : 1`;

  function draw() {
    const wanted = new FormData(form);
    const colour = darken(read(wanted.get("accent")));
    const label = wanted.get(`label_${document.documentElement.lang}`).trim();
    box.style.setProperty("--look", write(colour));
    box.dataset.position = wanted.get("position");
    for (const figure of box.children) {
      figure.hidden = !["auto", figure.dataset.shown].includes(wanted.get("theme"));
      const word = figure.querySelector("[data-usual]");
      word.textContent = label || word.dataset.usual;
      const beside = contrast(colour, read(figure.dataset.sheet));
      const said = figure.querySelector("[data-seen]");
      said.textContent = (beside < SEEN_BY_ITSELF ? said.dataset.edged : said.dataset.seen).replace("{ratio}", ratio(beside));
    }
  }

  form.addEventListener("input", draw);
  draw();
}
