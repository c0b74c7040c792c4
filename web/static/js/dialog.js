// A link to a page that asks “are you sure?” opens the same question in a dialog; closing gives the focus back.
export function start(link) {
  const dialog = document.querySelector(link.dataset.dialog);
  if (!dialog?.showModal) return;
  link.setAttribute("role", "button");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    dialog.showModal();
  });
  for (const closer of dialog.querySelectorAll("[data-close]")) closer.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => link.focus());
}
