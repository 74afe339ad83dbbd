"use strict";
// Shows what is new without a reload; everything is also there without this script.
(() => {
  const live = document.querySelector(".live");
  let busy = false;
  let missed = false;

  async function refresh() {
    // A form that is being filled in is left alone.
    if (busy || document.hidden || document.querySelector("main details[open] form")) {
      missed = true;
      return;
    }
    busy = true;
    missed = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } finally {
      busy = false;
    }
  }

  function show(page) {
    const held = document.activeElement && document.activeElement.getAttribute("href");
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    if (held) {
      const again = document.querySelector(`main a[href="${CSS.escape(held)}"]`);
      if (again) {
        again.focus({ preventScroll: true });
      }
    }
  }

  const events = new EventSource("/events");
  events.addEventListener("changed", refresh);
  events.addEventListener("open", () => { live.hidden = false; });
  events.addEventListener("error", () => { live.hidden = true; });
  document.addEventListener("visibilitychange", () => { if (missed) { refresh(); } });
})();
