// Files for films: dropped ones go the way of chosen ones; a long upload says that it runs.
for (const name of ["dragover", "dragleave", "drop"])
  addEventListener(name, (event) => {
    const form = event.target.closest?.("[data-drop]");
    if (!form || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("over", name === "dragover");
    if (name !== "drop") return;
    const input = form.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
addEventListener("submit", ({ target }) => {
  if (!target.matches("form.upload:not([hx-trigger])")) return;
  target.classList.add("htmx-request");
  target.querySelector(".btn-primary")?.setAttribute("disabled", "");
});
