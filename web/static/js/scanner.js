// Reads a code with the camera into the field `data-target` names, or out of a photo where the button has a `data-photo`.
// The button shows itself only where the browser can read codes; everywhere else a scanner that types, or typing, does the
// same. The focus goes to `data-next`, or to the sum.
import { announce } from "./main.js";

const FORMATS = ["qr_code", "code_128", "ean_13"];

export async function start(button) {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const known = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = FORMATS.filter((format) => known.includes(format));
  if (!formats.length) return;
  button.hidden = false;
  button.addEventListener("click", () => scan(button, new window.BarcodeDetector({ formats })));
}

async function scan(button, detector) {
  const dialog = document.createElement("dialog");
  const title = document.createElement("h2");
  const video = document.createElement("video");
  const close = document.createElement("button");
  title.textContent = button.dataset.title;
  close.textContent = button.dataset.close;
  close.type = "button";
  close.className = "btn btn-quiet btn-wide";
  dialog.className = "till-camera";
  dialog.setAttribute("aria-label", title.textContent);
  video.muted = video.playsInline = true;
  dialog.append(title, video, ...photo(), close);
  document.body.append(dialog);
  let stream = null;
  let next = button;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() || []) track.stop();
    dialog.remove();
    next.focus();
  });
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    if (!dialog.open) return stream.getTracks().forEach((track) => track.stop());
    video.srcObject = stream;
    await video.play();
    const text = await read(dialog, video, detector);
    if (text) take(text);
  } catch {
    title.textContent = button.dataset.refused;
    video.remove();
    announce(title.textContent);
  }

  function take(text) {
    const field = document.querySelector(button.dataset.target);
    next = button.dataset.next ? document.querySelector(button.dataset.next) : field.form.elements.amount;
    dialog.close();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function photo() {
    if (!button.dataset.photo) return [];
    const label = document.createElement("label");
    const file = document.createElement("input");
    Object.assign(file, { type: "file", accept: "image/*", className: "announcer" });
    label.className = "btn btn-quiet btn-wide";
    label.append(button.dataset.photo, file);
    file.addEventListener("change", async () => {
      const picture = await createImageBitmap(file.files[0]).catch(() => null);
      const found = picture ? await detector.detect(picture).catch(() => []) : [];
      if (found.length) return take(found[0].rawValue);
      title.textContent = button.dataset.unread;
      announce(title.textContent);
    });
    return [label];
  }
}

async function read(dialog, video, detector) {
  while (dialog.open) {
    const found = await detector.detect(video).catch(() => []);
    if (found.length) return found[0].rawValue;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return null;
}
