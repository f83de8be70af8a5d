// Tells whether a click at the element's centre would meet it: "ready", or why not.
(element) => {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return "without area";
  if (element.matches(":disabled") || element.closest("[inert]")) return "disabled";
  const root = element.getRootNode();
  const hit = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!hit) return "outside";
  // Either end of a label counts as its control, and what is drawn inside or right around counts as the element.
  const label = hit.closest("label");
  if (label && (label.control === element || label.contains(element))) return "ready";
  for (let at = hit; at; at = at.parentNode ?? at.host) if (at === element) return "ready";
  if (root instanceof ShadowRoot && hit === root.host) return "ready";
  // An inline element may wrap over lines, so that its middle is not on it: the browser's own click finds a place.
  return element.getClientRects().length > 1 ? "ready" : "covered";
}
