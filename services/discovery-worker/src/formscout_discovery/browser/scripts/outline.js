// Draws a frame around each outlined box and a cover over each covered one, over everything, taking no clicks.
({ outlined, covered }) => {
  document.getElementById("formscout-outline")?.remove();
  if (outlined.length === 0 && covered.length === 0) return;
  const layer = document.createElement("div");
  layer.id = "formscout-outline";
  layer.setAttribute("aria-hidden", "true");
  layer.style.cssText = "position:absolute;left:0;top:0;width:0;height:0;z-index:2147483647;pointer-events:none;margin:0;padding:0";
  const draw = (box, margin, look) => {
    const part = document.createElement("div");
    part.style.cssText = `position:absolute;left:${box.x - margin}px;top:${box.y - margin}px;width:${box.width + 2 * margin}px;` +
      `height:${box.height + 2 * margin}px;box-sizing:border-box;pointer-events:none;${look}`;
    layer.append(part);
  };
  for (const box of covered) draw(box, 0, "background:#ddd;border:1px solid #888");
  for (const box of outlined) draw(box, 4, "border:3px solid #e4572e;border-radius:6px");
  document.documentElement.append(layer);
}
