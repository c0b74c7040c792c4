// Loads the real widget into a page of ours, as a partner's site would.
export function start(element) {
  const script = document.createElement("script");
  script.src = "/widget.js";
  script.addEventListener("load", () => window.LoyaltyWidget.init({ partnerId: element.dataset.partner }));
  document.body.append(script);
}
