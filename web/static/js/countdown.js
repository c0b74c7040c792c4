// Counts `data-seconds` down in an element (`data-text` with {s}); at zero it is hidden and `data-then` is shown.
export function start(element) {
  const end = Date.now() + Number(element.dataset.seconds) * 1000;
  const then = element.dataset.then && document.querySelector(element.dataset.then);
  function tick() {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      element.textContent = element.dataset.text.replace("{s}", left);
      setTimeout(tick, 250);
    } else {
      element.hidden = true;
      if (then) then.hidden = false;
    }
  }
  if (then) then.hidden = true;
  tick();
}
