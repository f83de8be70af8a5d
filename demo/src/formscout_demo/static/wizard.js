// A form in steps: one is shown at a time, the next only when the present one is filled in, and the last one sends.

for (const form of document.querySelectorAll("form[data-wizard]")) {
  const steps = [...form.querySelectorAll("[data-step]")];
  const names = [...form.querySelectorAll(".steps li")];
  const [back, next, finish] = ["back", "next", "finish"].map((name) => form.querySelector(`[data-${name}]`));
  let present = 0;

  const show = (number) => {
    present = number;
    steps.forEach((step, index) => { step.hidden = index !== number; });
    names.forEach((name, index) => {
      if (index === number) name.setAttribute("aria-current", "step");
      else name.removeAttribute("aria-current");
    });
    back.hidden = number === 0;
    next.hidden = number === steps.length - 1;
    finish.hidden = !next.hidden;
  };

  const isFilledIn = () => [...steps[present].querySelectorAll("input, select, textarea")].every((control) => control.reportValidity());

  back.addEventListener("click", () => show(present - 1));
  next.addEventListener("click", () => { if (isFilledIn()) show(present + 1); });
  form.addEventListener("submit", (event) => {
    if (present === steps.length - 1) return;
    event.preventDefault();
    next.click();
  });
}
