// Reads a customer's code with the camera into the field `data-target` names. The button shows itself only where the
// browser can read codes; everywhere else a scanner that types, or typing, does the same.
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
  dialog.append(title, video, close);
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
    if (!text) return;
    const field = document.querySelector(button.dataset.target);
    next = field.form.elements.amount;
    dialog.close();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } catch {
    title.textContent = button.dataset.refused;
    video.remove();
    announce(title.textContent);
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
