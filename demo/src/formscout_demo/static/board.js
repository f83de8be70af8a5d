// The board: draws what the address names and changes the address without loading a page.

const root = document.getElementById("board");
const [lanes, people, priorities] = ["lanes", "people", "priorities"].map((name) => JSON.parse(root.dataset[name]));

async function ask(address, method = "GET", body = undefined) {
  const answer = await fetch(address, { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  return answer.json();
}

function goTo(address) {
  window.history.pushState({}, "", address);
  draw();
}

function button(text, className, press) {
  const made = element("button", { type: "button", className }, text);
  made.addEventListener("click", press);
  return made;
}

function card(ticket) {
  const link = element(
    "a", { className: "ticket", href: `/board/tickets/${ticket.id}` },
    element("p", {}, ticket.title),
    element("span", { className: `badge ${ticket.priority}` }, ticket.priority),
    element("span", { className: "quiet" }, ` ${ticket.assignee}`),
  );
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(link.getAttribute("href"));
  });
  return link;
}

async function boardView() {
  const tickets = await ask("/api/tickets");
  const head = element("div", { className: "head" }, element("h1", {}, "Board"), button("New ticket", "primary", () => goTo("/board/tickets/new")));
  const columns = lanes.map((lane) => element("section", { className: "lane" }, element("h2", {}, lane), ...tickets.filter((ticket) => ticket.lane === lane).map(card)));
  return [head, element("div", { className: "lanes" }, ...columns)];
}

function editor(ticket, address, method) {
  const { part, read } = ticketFields(ticket, people, priorities);
  const save = async () => {
    if (!read().title.trim()) {
      window.alert("A ticket needs a title.");
      return;
    }
    await ask(address, method, read());
    goTo("/board");
  };
  const buttons = element("div", { className: "buttons" }, button("Cancel", "", () => goTo("/board")), button("Save ticket", "primary", save));
  return element("section", { className: "card" }, part, buttons);
}

function newView() {
  return [element("div", { className: "head" }, element("h1", {}, "New ticket")), editor({}, "/api/tickets", "POST")];
}

function commentBox(ticket) {
  const text = element("textarea", { rows: 2, placeholder: "Write a comment", "aria-label": "Comment" });
  const send = async () => {
    await ask(`/api/tickets/${ticket.id}/comments`, "POST", { body: text.value });
    draw();
  };
  const said = ticket.comments.map((comment) => element("blockquote", {}, element("b", {}, comment.author), ` ${comment.body}`));
  return element(
    "section", { className: "card" }, element("h2", {}, "Comments"), ...said,
    element("div", { className: "stacked" }, text, button("Add comment", "", send)),
  );
}

async function ticketView(id) {
  const ticket = await ask(`/api/tickets/${id}`);
  const remove = async () => {
    if (!window.confirm("Delete this ticket?")) return;
    await ask(`/api/tickets/${id}`, "DELETE");
    goTo("/board");
  };
  const head = element("div", { className: "head" }, element("h1", {}, `Ticket ${id}`), button("Delete ticket", "danger", remove));
  return [head, editor(ticket, `/api/tickets/${id}`, "PUT"), commentBox(ticket)];
}

async function draw() {
  const last = window.location.pathname.split("/").pop();
  const view = last === "board" ? await boardView() : last === "new" ? newView() : await ticketView(last);
  root.replaceChildren(...view);
}

window.addEventListener("popstate", draw);
draw();
