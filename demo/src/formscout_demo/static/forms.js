// How forms behave: fields that depend on others, lists that narrow themselves, questions before something is lost.

function valueOf(form, name) {
  const chosen = form.querySelector(`[name="${name}"]:checked`);
  const control = form.querySelector(`[name="${name}"]`);
  if (["radio", "checkbox"].includes(control.type)) return chosen ? chosen.value : "";
  return control.value;
}

function showDependents(form) {
  for (const part of form.querySelectorAll("[data-shown-when]")) {
    const [name, value] = part.dataset.shownWhen.split("=");
    const shown = valueOf(form, name) === value;
    part.hidden = !shown;
    for (const control of part.querySelectorAll("input, select, textarea")) {
      control.required = shown && "thenRequired" in part.dataset;
    }
  }
}

function fillDependent(select) {
  const options = JSON.parse(select.dataset.options)[valueOf(select.form, select.dataset.dependsOn)] ?? [];
  const first = select.options[0];
  select.replaceChildren(first, ...options.map((option) => new Option(option, option)));
  select.value = options.includes(select.dataset.value) ? select.dataset.value : "";
}

for (const form of document.forms) {
  showDependents(form);
  form.addEventListener("change", () => showDependents(form));
}

for (const select of document.querySelectorAll("select[data-depends-on]")) {
  fillDependent(select);
  select.form.elements[select.dataset.dependsOn].addEventListener("change", () => fillDependent(select));
}

for (const form of document.querySelectorAll("form[data-submits-itself]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

for (const form of document.querySelectorAll("form[data-guard]")) {
  let touched = false;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });
}

for (const input of document.querySelectorAll("input[data-narrows]")) {
  input.addEventListener("input", () => {
    for (const row of document.getElementById(input.dataset.narrows).tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(input.value.toLowerCase());
    }
  });
}

document.querySelector("[data-language]")?.addEventListener("change", (event) => {
  window.alert("The demonstration speaks English only.");
  event.target.value = "en";
});

async function archive(addresses) {
  await Promise.all(addresses.map((address) => fetch(address, { method: "POST" })));
  window.location.reload();
}

for (const button of document.querySelectorAll("[data-archive]")) {
  button.addEventListener("click", () => archive([button.dataset.archive]));
}

const bulk = document.querySelector("[data-bulk]");
if (bulk) {
  const boxes = [...document.querySelectorAll("[data-tick]")];
  const ticked = () => boxes.filter((box) => box.checked);
  const show = () => {
    bulk.hidden = ticked().length === 0;
    bulk.querySelector("span").textContent = `${ticked().length} selected`;
  };
  for (const box of boxes) box.addEventListener("change", show);
  document.querySelector("[data-tick-all]").addEventListener("change", (event) => {
    for (const box of boxes) box.checked = event.target.checked;
    show();
  });
  document.querySelector("[data-archive-ticked]").addEventListener("click", () => {
    if (window.confirm(`Archive ${ticked().length} customers?`)) {
      archive(ticked().map((box) => `/customers/${box.value}/archive`));
    }
  });
}
