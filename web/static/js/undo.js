// Counts down on the button that undoes (`data-text` with {s}); when the minute is over the form goes away.
export function start(form) {
  const label = form.querySelector("button span");
  const end = Date.now() + Number(form.dataset.seconds) * 1000;
  function tick() {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      const next = form.contains(document.activeElement) && form.parentElement.querySelector("a");
      form.remove();
      if (next) next.focus();
      return;
    }
    label.textContent = form.dataset.text.replace("{s}", left);
    setTimeout(tick, 250);
  }
  tick();
}
