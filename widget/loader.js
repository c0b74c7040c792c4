/* The loader: a launcher on a stranger's page and, once it is pressed, a frame of ours. docs/widget.md says how to use it.

   It knows nothing of points. The launcher stands in a closed shadow root, dressed by a constructed style sheet, which a
   page's content security policy does not forbid; everything private is in the frame, where the page cannot look. Texts
   go in as text, never as HTML. It is minified by rjsmin: every statement ends with a semicolon. */
((window, document) => {
  const script = document.currentScript, before = window.LoyaltyWidget;
  if (!script || before && !before.q) return; // a module, or loaded twice
  const origin = new URL(script.src).origin;
  let only;

  const start = (partner, options) => {
    const say = (ru, en) => /^ru/i.test(document.documentElement.lang || navigator.language) ? ru : en;
    const listeners = [];
    let host, launcher, panel, closer, frame, title, back, isOpen, isAbsent;

    const make = (tag, parent, values) => parent.appendChild(Object.assign(document.createElement(tag), values));
    const tell = type => listeners.forEach(pair => pair[0] == type && pair[1]());

    const draw = card => {
      if (host) return;
      const side = options.position == "bottom-left" ? "left" : "right";
      const colour = /^#[\da-f]{6}$/.test(card.colour) ? card.colour : "#0b6b63";
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(
        ":host{all:initial!important;position:fixed!important;z-index:2147483000!important;bottom:16px!important;" + side + ":16px!important}" +
        "button{font:600 16px system-ui,sans-serif;color:#fff;background:" + colour + ";border:0;cursor:pointer}" +
        ":focus-visible{outline:3px solid #000;box-shadow:0 0 0 6px #fff}" +
        "button:first-child{height:56px;padding:0 22px;border-radius:28px;box-shadow:0 4px 16px #0005}" +
        "div{position:fixed;inset:auto 16px 0 auto;" + side + ":16px;width:380px;height:640px;max-height:92vh;margin:0;padding:0;border:0;" +
        "border-radius:20px 20px 0 0;overflow:hidden;color-scheme:light dark;background:Canvas;box-shadow:0 0 40px #0006;transform:translateY(160px)}" +
        "div button{position:absolute;top:10px;right:12px;width:44px;height:44px}" +
        "[hidden]{display:none}" +
        "iframe{width:100%;height:100%;border:0}" +
        "@media(max-width:480px){div{inset:auto 0 0;width:100%}}"
      );
      host = document.querySelector("div#loyalty-widget") || make("div", document.body || document.documentElement);
      const root = host.attachShadow({ mode: "closed", delegatesFocus: true });
      root.adoptedStyleSheets = [sheet];
      title = say("Баллы", "Points") + (card.name ? ": " + card.name : "");
      launcher = make("button", root, { textContent: say("★ Баллы", "★ Points"), ariaLabel: title, ariaExpanded: "false", onclick: () => isOpen ? close() : open() });
      panel = make("div", root, { popover: "manual", hidden: true, role: "dialog", ariaLabel: title });
      closer = make("button", panel, { textContent: "✕", ariaLabel: say("Закрыть", "Close"), onclick: close });
    };

    const open = () => {
      if (isOpen || isAbsent) return;
      draw({});
      back = document.activeElement;
      isOpen = true;
      panel.hidden = false;
      if (panel.showPopover) panel.showPopover(); // above everything of the page
      launcher.ariaExpanded = "true";
      if (frame) {
        frame.contentWindow.postMessage({ kopilka: "open" }, origin);
        frame.focus();
      } else {
        frame = make("iframe", panel, {
          title,
          referrerPolicy: "origin",
          sandbox: "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox",
          src: origin + "/widget/frame?partner=" + partner
        });
      }
      tell("open");
    };

    const close = () => {
      if (!isOpen) return;
      const wasInside = document.activeElement == host;
      isOpen = false;
      if (panel.hidePopover) panel.hidePopover();
      panel.hidden = true;
      launcher.ariaExpanded = "false";
      if (wasInside) (back == host || back == document.body ? launcher : back).focus();
      tell("close");
    };

    window.addEventListener("message", event => {
      const type = (event.data || {}).kopilka;
      if (!frame || event.source != frame.contentWindow || event.origin != origin) return;
      if (type == "ready") {
        closer.hidden = true; // the frame has its own
        frame.focus(); // not earlier: what is focused before it loads loses the keyboard when it does
      }
      // by its transform, which moves nothing else and is no layout shift: what is not needed lies under the edge
      if (type == "height") panel.style.transform = "translateY(max(0px,100% - " + Math.max(+event.data.value || 0, 240) + "px))";
      if (type == "close") close();
      if (type == "signed-in" || type == "signed-out") tell(type);
    });
    document.addEventListener("keydown", event => event.key == "Escape" && close());

    const idle = window.requestIdleCallback || setTimeout;
    idle(() => {
      if (options.announce === false) draw({});
      else {
        fetch(origin + "/api/widget/" + partner, { credentials: "omit" })
          .then(answer => answer.ok ? answer.json() : (isAbsent = answer.status == 404, {}), () => ({}))
          .then(card => isAbsent || draw(card));
      }
    }, { timeout: 2000 });

    return { open, close, on: (type, listener) => { listeners.push([type, listener]); } };
  };

  const init = options => {
    const partner = String((options || {}).partnerId);
    if (!/^(\d{6,12}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i.test(partner)) return { open() {}, close() {}, on() {} };
    return only = only || start(partner, options);
  };

  window.LoyaltyWidget = { init };
  if (before) before.q.forEach(init);
})(window, document);
