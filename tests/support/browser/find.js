// What a person calls an element: its label, else its own text, else what stands in an empty field.
const tidy = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const name = (element) => tidy(
  element?.getAttribute("aria-label")
  ?? (element?.labels?.length ? element.labels[0].innerText : element?.innerText || element?.value || element?.placeholder),
);
// The site's header has links with the names of buttons on its pages: buttons come first.
const kinds = {
  target: ["button, summary, input[type=submit], [role=button]", "a[href]"],
  field: ["input:not([type=file]), textarea, select"],
  file: ["input[type=file]"],
};
// The first that has this name, else the first whose name begins with it.
const find = (kind, wanted) => {
  // Behind an open question nothing can be reached.
  const page = document.querySelector("dialog[open]") ?? document;
  const all = kinds[kind]
    .flatMap((selector) => [...page.querySelectorAll(selector)])
    // File inputs are drawn by their label.
    .filter((element) => kind === "file" || element.checkVisibility({ visibilityProperty: true }));
  return all.find((element) => name(element) === wanted)
    ?? all.find((element) => name(element).startsWith(wanted));
};
