// Draws a frame around each box, over everything, taking no clicks.
(boxes) => {
  document.getElementById("formscout-outline")?.remove();
  const layer = document.createElement("div");
  layer.id = "formscout-outline";
  layer.setAttribute("aria-hidden", "true");
  layer.style.cssText = "position:absolute;left:0;top:0;width:0;height:0;z-index:2147483647;pointer-events:none;margin:0;padding:0";
  for (const box of boxes) {
    const frame = document.createElement("div");
    frame.style.cssText = `position:absolute;left:${box.x - 4}px;top:${box.y - 4}px;width:${box.width + 8}px;height:${box.height + 8}px;` +
      "box-sizing:border-box;border:3px solid #e4572e;border-radius:6px;pointer-events:none";
    layer.append(frame);
  }
  document.documentElement.append(layer);
}
