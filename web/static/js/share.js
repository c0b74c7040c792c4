// A button that hands a link to the phone's own list of ways to send it; where there is none it stays hidden.
export function start(button) {
  if (!navigator.share) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const url = document.querySelector(button.dataset.share).textContent.trim();
    navigator.share({ title: button.dataset.title, text: button.dataset.text, url }).catch(() => {}); // they changed their mind
  });
}
