// One field for a one-time code: spaces and dashes fall out, and the sixth digit sends the form, once.
export function start(input) {
  let sent = false;
  input.addEventListener("input", () => {
    input.value = input.value.replace(/\D/g, "").slice(0, 6);
    if (input.value.length === 6 && !sent) {
      sent = true;
      input.form.requestSubmit();
    }
  });
}
