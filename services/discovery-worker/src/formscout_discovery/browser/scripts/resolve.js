// Returns the element that `css` hits from the last of the open shadow roots on `path`, or null.
({ path, css }) => {
  let root = document;
  for (const host of path) {
    const element = root.querySelector(host);
    if (!element || !element.shadowRoot) return null;
    root = element.shadowRoot;
  }
  return root.querySelector(css);
}
