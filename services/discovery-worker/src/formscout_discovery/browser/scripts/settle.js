// Resolves once the DOM has been quiet for `quiet` ms and finite animations have ended, or after `cap` ms (at once with 0:
// where a page may run no script, no timer of ours runs either).
async ({ quiet, cap }) => {
  const began = performance.now();
  const watched = new Set();
  const roots = (root, found = []) => {
    found.push(root);
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) roots(element.shadowRoot, found);
      if (element.localName === "iframe" || element.localName === "frame") {
        try {
          if (element.contentDocument) roots(element.contentDocument, found);
        } catch { /* another origin's document is not ours to see */ }
      }
    }
    return found;
  };
  let last = performance.now();
  const observer = new MutationObserver(() => { last = performance.now(); });
  const watch = () => {
    for (const root of roots(document)) {
      if (watched.has(root)) continue;
      watched.add(root);
      observer.observe(root, {
        subtree: true, childList: true, characterData: true, attributes: true,
        attributeFilter: ["class", "hidden", "open", "disabled", "aria-hidden", "aria-expanded", "aria-busy", "src", "href"],
      });
    }
  };
  watch();
  const animating = () => document.getAnimations().some((animation) => {
    if (animation.playState !== "running" || !animation.effect) return false;
    const end = animation.effect.getComputedTiming().endTime;
    return Number.isFinite(Number(end)) && Number(end) < 2000;
  });
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  let resting = cap === 0 && document.readyState === "complete";
  while (performance.now() - began < cap) {
    const idle = performance.now() - last;
    if (idle >= quiet && document.readyState !== "loading" && !animating()) { resting = true; break; }
    await pause(Math.max(25, Math.min(quiet - idle, 100)));
  }
  observer.disconnect();
  const controls = document.querySelectorAll("a[href], button, input, select, textarea, [role=button], [role=link], [onclick], [contenteditable]").length;
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  // A class name only hints: its element counts while something in it moves.
  const moves = (element) => element.getAnimations({ subtree: true }).some((animation) => animation.playState === "running");
  const busy = [...document.querySelectorAll("[aria-busy=true], [role=progressbar]:not([aria-valuenow])")].some(shown) ||
    [...document.querySelectorAll("[class*=spinner i], [class*=skeleton i], [class*=loading i], [class*=loader i]")]
      .some((element) => shown(element) && moves(element));
  let shadow = false;
  for (const root of watched) if (root instanceof ShadowRoot) { shadow = true; break; }
  return {
    resting, controls, busy, shadow,
    ready: document.readyState,
    nodes: document.getElementsByTagName("*").length,
    text: (document.body?.innerText ?? "").trim().length,
    scripted: document.scripts.length > 0,
    frames: window.length,
    type: document.contentType,
  };
}
