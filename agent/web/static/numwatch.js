"use strict";
// Shows what is new without a reload; everything is also there without this script.
(() => {
  const live = document.querySelector(".live");
  let busy = false;
  let missed = false;

  async function refresh() {
    if (busy || document.hidden || isInUse()) {
      missed = true;
      return;
    }
    busy = true;
    missed = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const text = answer.ok ? await answer.text() : "";
      // Somebody may have begun meanwhile.
      if (isInUse()) {
        missed = true;
      } else if (text) {
        show(new DOMParser().parseFromString(text, "text/html"));
      }
    } finally {
      busy = false;
    }
  }

  // A form that is being filled in is left alone, and a sound that somebody listens to.
  function isInUse() {
    return document.querySelector("main details[open] form") !== null
        || Boolean(document.activeElement?.closest("main form"))
        || [...document.querySelectorAll("main audio")].some(isListenedTo);
  }

  // Since "play" was pressed, also while it is paused: it would begin anew.
  function isListenedTo(sound) {
    return !sound.error && !sound.ended && (!sound.paused || sound.currentTime > 0);
  }

  function show(page) {
    const held = document.activeElement && document.activeElement.getAttribute("href");
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    runClocks();
    if (held) {
      const again = document.querySelector(`main a[href="${CSS.escape(held)}"]`);
      if (again) {
        again.focus({ preventScroll: true });
      }
    }
  }

  // Clocks count down to their deadline by the server's time: the reader's clock may be wrong.
  const frames = new WeakMap();

  function countdown(seconds, units) {
    const sizes = [86400, 3600, 60, 1];
    let left = Math.floor(Math.abs(seconds));
    const parts = [];
    sizes.forEach((size, index) => {
      const count = Math.floor(left / size);
      left -= count * size;
      if (parts.length < 2 && (count || parts.length || size === 1)) {
        parts.push(units[index].replace("{n}", count));
      }
    });
    return parts.join(" ");
  }

  function runClocks() {
    for (const clock of document.querySelectorAll("[data-deadline]")) {
      const frame = clock.closest("[data-now]");
      if (!frame) { continue; }
      if (!frames.has(frame)) {
        frames.set(frame, Number(frame.dataset.now) - performance.now() / 1000);
      }
      const now = frames.get(frame) + performance.now() / 1000;
      const left = Number(clock.dataset.deadline) - now;
      const text = countdown(left, frame.dataset.units.split("|"));
      clock.textContent = left < 0 ? frame.dataset.late.replace("{age}", text) : text;
      clock.classList.toggle("down", left < 0);
      clock.classList.toggle("degraded", left >= 0 && left < 900);
    }
  }
  runClocks();
  setInterval(runClocks, 1000);

  const events = new EventSource("/events");
  events.addEventListener("changed", refresh);
  events.addEventListener("open", () => { live.hidden = false; });
  events.addEventListener("error", () => { live.hidden = true; });
  const catchUp = () => { if (missed) { refresh(); } };
  document.addEventListener("visibilitychange", catchUp);
  document.addEventListener("ended", catchUp, true); // It does not bubble.
})();
