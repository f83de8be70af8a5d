// The feedback box: a custom element whose form stands in an open shadow root.

const FEEDBACK = `
  <style>
    :host { display: block; margin-bottom: 20px; padding: 20px; border-radius: 12px; color: #d5e3ec; background: #0f2f44; }
    h2 { margin: 0 0 8px; color: #ffffff; font-size: 16px; }
    fieldset { margin: 0 0 10px; padding: 0; border: 0; }
    legend, .label { padding: 0; font-size: 13px; font-weight: 600; }
    .scale label { margin-right: 12px; }
    textarea { box-sizing: border-box; width: 100%; margin: 4px 0 10px; padding: 8px; border: 0; border-radius: 8px; font: inherit; }
    button { padding: 8px 14px; border: 0; border-radius: 8px; color: #0f2f44; background: #5eead4; font: inherit; font-weight: 600; cursor: pointer; }
  </style>
  <h2>How was this week?</h2>
  <form>
    <fieldset class="scale">
      <legend>Your rating</legend>
      ${[1, 2, 3, 4, 5].map((number) => `<label><input type="radio" name="rating" value="${number}" required> ${number}</label>`).join("")}
    </fieldset>
    <label class="label" for="comment">What could be better?</label>
    <textarea id="comment" name="comment" rows="2"></textarea>
    <button>Send feedback</button>
  </form>`;

class FeedbackBox extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = FEEDBACK;
    root.querySelector("form").addEventListener("submit", (event) => this.send(event));
  }

  async send(event) {
    event.preventDefault();
    const form = event.target;
    const answer = await fetch("/feedback", { method: "POST", body: new FormData(form) });
    const thanks = document.createElement("p");
    thanks.textContent = (await answer.json()).message;
    form.replaceWith(thanks);
  }
}

customElements.define("feedback-box", FeedbackBox);
