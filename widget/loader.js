/* The loader: a launcher on a stranger's page and, once it is pressed, a frame of ours. docs/widget.md says how to use it.

   It knows nothing of points. The launcher stands in a closed shadow root, dressed by a constructed style sheet, which a
   page's content security policy does not forbid; everything private is in the frame, where the page cannot look. Texts go
   in as text, never as HTML.

   It is made small at the start (`shrink` in web/widget.py): every statement ends with a semicolon for rjsmin, names that
   begin with $ are ours alone and go out as single letters. */
if (document.currentScript && (!window.LoyaltyWidget || LoyaltyWidget.q)) { // else it is a module, or loaded twice
  const $document = document, $before = window.LoyaltyWidget, $roots = new WeakMap();
  const $origin = new URL($document.currentScript.src).origin;
  let $only;

  const $start = $options => {
    const $russian = /^ru/i.test($document.documentElement.lang || navigator.language);
    const $events = new EventTarget(), $ender = new AbortController(), $until = { signal: $ender.signal };
    let $host, $root, $launcher, $panel, $closer, $frame, $title, $back, $isOpen, $card = {};
    let $isAbsent = !/^[\da-f-]{6,36}$/i.test($options.partnerId);

    const $make = ($tag, $parent, $values) => $parent.appendChild(Object.assign($document.createElement($tag), $values));
    const $tell = $type => $events.dispatchEvent(new Event($type));

    const $draw = () => {
      if ($isAbsent || $host && $host.isConnected) return;
      $wipe();
      const $side = (($options.position || $card.position) == "bottom-left" ? "left" : "right") + ":16px";
      const $sheet = new CSSStyleSheet();
      $sheet.replaceSync(
        ":host{all:initial!important;position:fixed!important;z-index:999999999!important;bottom:16px!important;" + $side + "!important}" +
        "button,div{border:1px solid #fff5;border-radius:28px;box-shadow:0 4px 16px #0005;color:#fff;background:" + ($card.colour || "#0b6b63") + "}" +
        "button{height:56px;padding:0 28px;font:600 16px system-ui;white-space:nowrap}" +
        "div button{right:0;position:absolute}" +
        "div{inset:auto;bottom:0;" + $side + ";width:380px;height:640px;max-height:92vh;padding:0;border:0;border-radius:28px 28px 0 0;" +
        "overflow:hidden;transform:translateY(160px)}" +
        "iframe{border:0;width:100%;height:100%}" +
        "@media(max-width:480px){div{left:0;width:100%}}"
      );
      $host = $document.querySelector("div#loyalty-widget") || $make("div", $document.documentElement);
      $root = $roots.get($host) || $host.attachShadow({ mode: "closed" }); // an element takes one for its whole life
      $roots.set($host, $root);
      $root.adoptedStyleSheets = [$sheet];
      $title = $card["label_" + ($russian ? "ru" : "en")] || ($russian ? "Баллы" : "Points");
      $launcher = $make("button", $root, { textContent: "★ " + $title, ariaExpanded: "false", onclick: () => $isOpen ? $close() : $open() });
      if ($card.name) $title += ": " + $card.name;
      $launcher.ariaLabel = $title;
      $panel = $make("div", $root, { popover: "manual" });
      $closer = $make("button", $panel, { textContent: "✕", ariaLabel: $russian ? "Закрыть" : "Close", onclick: () => $close() });
    };

    // off the page, also where the page has taken its element away: nothing of ours stays in that one
    const $wipe = () => {
      if (!$host) return;
      $close();
      $root.replaceChildren();
      $root.adoptedStyleSheets = [];
      if (!$host.id) $host.remove(); // ours
      $host = $frame = 0;
    };

    const $open = () => {
      $draw();
      if ($isOpen || $isAbsent) return;
      const $address = $origin + "/widget/frame?partner=" + $options.partnerId + ($options.theme ? "&theme=" + $options.theme : "");
      if (!$panel.togglePopover) return window.open($address, "", "noopener"); // an old browser: the frame as a page of its own
      $back = $document.activeElement;
      $toggle(true);
      if ($frame) {
        $frame.contentWindow.postMessage({ kopilka: "open" }, $origin);
        $frame.focus();
      } else {
        $frame = $make("iframe", $panel, {
          title: $title,
          referrerPolicy: "origin",
          sandbox: "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox",
          src: $address
        });
      }
      $tell("open");
    };

    const $close = () => {
      if (!$isOpen) return;
      if ($document.activeElement == $host) ($back == $host ? $launcher : $back).focus();
      $toggle(false);
      $tell("close");
    };

    const $toggle = $shown => {
      $isOpen = $launcher.ariaExpanded = $shown;
      $host.isConnected && $panel.togglePopover($shown); // above everything of the page
    };

    addEventListener("message", $event => {
      if (!$frame || $event.source != $frame.contentWindow || $event.origin != $origin) return; // who posts else is nobody
      const $type = $event.data.kopilka;
      if ($type == "ready") {
        $closer.remove(); // the frame has its own
        $frame.focus(); // not earlier: what is focused before it loads loses the keyboard when it does
      }
      // by its transform, which moves nothing else and is no layout shift: what is not needed lies under the edge
      if ($type == "height") $panel.style.transform = "translateY(max(0px,100% - " + Math.max(+$event.data.value || 0, 240) + "px))";
      if ($type == "close") $close();
      if (/^(signed-(in|out)|joined|claimed)$/.test($type)) $tell($type);
    }, $until);
    addEventListener("keydown", $event => $event.key == "Escape" && $close(), $until);

    // a site of one page changes its content under us: the launcher comes back, a while later so that two scripts cannot race
    const $watcher = new MutationObserver(() => {
      if (!$host || $host.isConnected) return;
      $wipe();
      setTimeout($draw, 200);
    });
    $watcher.observe($document, { childList: true, subtree: true });

    $isAbsent || (window.requestIdleCallback || setTimeout)(() => {
      if ($options.announce === false) $draw();
      else fetch($origin + "/api/widget/" + $options.partnerId, { credentials: "omit" })
        .then($answer => $answer.status == 404 ? $isAbsent = true : $answer.json())
        .then($found => $draw($card = $found), $draw);
    }, { timeout: 2000 });

    const $handle = {
      open: $open,
      close: $close,
      on: ($type, $act) => {
        const $run = () => $act();
        $events.addEventListener($type, $run);
        return () => $events.removeEventListener($type, $run);
      },
      destroy: () => {
        $wipe();
        $isAbsent = true;
        $ender.abort();
        $watcher.disconnect();
        if ($only == $handle) $only = 0;
      }
    };
    Promise.resolve($handle).then($options.ready);
    return Object.assign(window.LoyaltyWidget, $handle), $handle;
  };

  window.LoyaltyWidget = { init: $options => $only = $only || $start($options || {}) }; // one widget a page: the first
  if ($before) $before.q.forEach(LoyaltyWidget.init);
}
