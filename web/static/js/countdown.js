// Counts `data-seconds` down in an element (`data-text` with {s}, or {m} and {s}); at zero it is hidden and `data-then` is shown.
export function start(element) {
  const end = Date.now() + Number(element.dataset.seconds) * 1000;
  const then = element.dataset.then && document.querySelector(element.dataset.then);
  function tick() {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      const inMinutes = element.dataset.text.includes("{m}");
      const seconds = inMinutes ? String(left % 60).padStart(2, "0") : left;
      element.textContent = element.dataset.text.replace("{m}", Math.floor(left / 60)).replace("{s}", seconds);
      setTimeout(tick, 250);
    } else {
      element.hidden = true;
      if (then) then.hidden = false;
    }
  }
  if (then) then.hidden = true;
  tick();
}
