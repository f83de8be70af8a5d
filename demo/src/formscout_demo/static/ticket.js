// A ticket's fields: no form element, no names, labels by layout, as single-page applications often have them.

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function field(label, control, className = "field") {
  return element("div", { className }, element("div", { className: "field-label" }, label), control);
}

function combobox(label, options, value) {
  const input = element("input", { type: "text", value, role: "combobox", "aria-label": label, "aria-expanded": "false", "aria-controls": "people", autocomplete: "off" });
  const list = element("ul", { className: "options", id: "people", role: "listbox", hidden: true });
  const show = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
  };
  for (const option of options) {
    const item = element("li", { role: "option" }, option);
    item.addEventListener("mousedown", () => { input.value = option; show(false); });
    list.append(item);
  }
  input.addEventListener("click", () => show(true));
  input.addEventListener("blur", () => show(false));
  return { box: element("div", { className: "combo" }, input, list), input };
}

// Returns the part to show and a function that reads what was typed.
function ticketFields(ticket, people, priorities) {
  const title = element("input", { type: "text", value: ticket.title ?? "", "aria-required": "true" });
  const priority = element("select", {}, ...priorities.map((name) => new Option(name, name, false, name === (ticket.priority ?? "Normal"))));
  const assignee = combobox("Assignee", people, ticket.assignee ?? "");
  const due = element("input", { type: "date", value: ticket.due_on ?? "" });
  const details = element("textarea", { rows: 4, value: ticket.details ?? "" });
  const blockedBy = element("input", { type: "text", value: ticket.blocked_by ?? "" });
  const reason = field("Blocked by", blockedBy);
  const blocked = element("button", { type: "button", className: "switch", role: "switch", "aria-label": "Blocked" });
  const block = (on) => {
    blocked.setAttribute("aria-checked", String(on));
    reason.hidden = !on;
  };
  block(Boolean(ticket.blocked_by));
  blocked.addEventListener("click", () => block(reason.hidden));

  const part = element(
    "div", { className: "grid" },
    field("Title *", title, "field wide"), field("Priority", priority), field("Assignee", assignee.box),
    field("Due date", due), field("Blocked", blocked), reason, field("Details", details, "field wide"),
  );
  const read = () => ({
    title: title.value, priority: priority.value, assignee: assignee.input.value, due_on: due.value, details: details.value,
    blocked_by: reason.hidden ? "" : blockedBy.value,
  });
  return { part, read };
}
