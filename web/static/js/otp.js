// One field for a one-time code: spaces and dashes fall out, and the sixth digit sends the form. It is sent once: an Enter
// that follows the last digit would cancel the answer that signs in, and the code is good for one.
export function start(input) {
  let sent = false;
  function check() {
    input.value = input.value.replace(/\D/g, "").slice(0, 6);
    if (input.value.length === 6 && !sent) input.form.requestSubmit();
  }
  input.addEventListener("input", check);
  input.form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => (sent = false));
  if (input.value !== input.defaultValue) check(); // filled in before this module had arrived
}
