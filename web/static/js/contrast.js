// Says beside a colour whether white letters can be read on it, and which shade would be taken instead. The server decides
// the same way when the form is sent (loyalty/colours.py).
const READABLE = 4.5;

function luminance(channels) {
  const [red, green, blue] = channels.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(channels, other = [255, 255, 255]) {
  const [darker, lighter] = [luminance(channels), luminance(other)].sort((one, two) => one - two);
  return (lighter + 0.05) / (darker + 0.05);
}

export function darken(channels) {
  for (let share = 100; share >= 0; share--) {
    const shade = channels.map((value) => Math.floor((value * share) / 100));
    if (contrast(shade) >= READABLE) return shade;
  }
  return [0, 0, 0];
}

export const read = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
export const write = (channels) => `#${channels.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

export function start(input) {
  const result = document.querySelector(input.dataset.result);
  const look = () => {
    const wanted = read(input.value);
    const kept = darken(wanted);
    const ratio = `${contrast(wanted).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} : 1`;
    const text = write(kept) === input.value ? result.dataset.good : result.dataset.dark;
    result.textContent = text.replace("{ratio}", ratio).replace("{colour}", write(kept));
    result.style.backgroundColor = write(kept);
  };
  input.addEventListener("input", look);
  look();
}
