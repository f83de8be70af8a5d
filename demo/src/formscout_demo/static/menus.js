// What opens and closes: menus, dialogs, drawers, tabs, folded parts.

function closeMenus(except) {
  for (const button of document.querySelectorAll("[aria-haspopup=menu][aria-expanded=true]")) {
    if (button === except) continue;
    button.setAttribute("aria-expanded", "false");
    const menu = button.parentElement.querySelector(".menu");
    if (button.dataset.menuFrom) menu.remove();
    else menu.hidden = true;
  }
}

function openMenu(button) {
  button.setAttribute("aria-expanded", "true");
  if (button.dataset.menuFrom) {
    const template = document.getElementById(button.dataset.menuFrom);
    button.after(template.content.cloneNode(true));
  } else {
    button.parentElement.querySelector(".menu").hidden = false;
  }
}

function open(box) {
  if (box instanceof HTMLDialogElement) box.showModal();
  else box.hidden = false;
  box.querySelector("input:not([type=hidden])")?.focus();
}

function close(box) {
  if (box instanceof HTMLDialogElement) box.close();
  else box.hidden = true;
}

function showTab(tab) {
  for (const other of tab.parentElement.querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

function toggle(button) {
  const part = document.getElementById(button.getAttribute("aria-controls"));
  part.hidden = !part.hidden;
  button.setAttribute("aria-expanded", String(!part.hidden));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const menuButton = button?.matches("[aria-haspopup=menu]") ? button : null;
  const wasOpen = menuButton?.getAttribute("aria-expanded") === "true";
  closeMenus(wasOpen ? null : menuButton);
  if (!button) return;
  if (menuButton && !wasOpen) openMenu(menuButton);
  else if (button.dataset.opens) open(document.getElementById(button.dataset.opens));
  else if ("closes" in button.dataset) close(button.closest("dialog, [role=dialog]"));
  else if (button.getAttribute("role") === "tab") showTab(button);
  else if (!menuButton && button.hasAttribute("aria-expanded") && button.hasAttribute("aria-controls")) toggle(button);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeMenus(null);
  for (const drawer of document.querySelectorAll(".drawer:not([hidden])")) close(drawer);
});
