// A button that copies the text of `data-copy` and says so on itself for a moment (`data-done`).
import { announce } from "./main.js";

export function start(button) {
  const label = button.querySelector("span") || button;
  const usual = label.textContent;
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      label.textContent = button.dataset.done;
      announce(button.dataset.done);
      setTimeout(() => (label.textContent = usual), 2000);
    } catch {
      getSelection().selectAllChildren(source); // copying is forbidden here: let the person do it
    }
  });
}
