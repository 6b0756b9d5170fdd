// Queue: on a wide screen a job opens beside the list; the link works without, and on a phone.
const drawer = document.getElementById("drawer");
const isWide = () => drawer && getComputedStyle(drawer).display !== "none";
function mark(row) {
  document.querySelectorAll("tr[data-row][aria-selected]").forEach((each) => each.removeAttribute("aria-selected"));
  row?.setAttribute("aria-selected", "true");
}
function open(link, withFocus) {
  const row = link.closest("tr");
  mark(row);
  drawer.classList.remove("none");
  drawer.dataset.from = link.id;
  drawer.dataset.job = row.id;
  htmx.ajax("GET", link.getAttribute("href"), { target: "#drawer", swap: "innerHTML" }).then(() => withFocus && drawer.focus());
}
addEventListener("click", (event) => {
  if (event.target.closest("[data-drawer-close]")) {
    drawer.replaceChildren();
    drawer.classList.add("none");
    mark(null);
    document.getElementById(drawer.dataset.from)?.focus();
    return;
  }
  const row = event.target.closest("tr[data-row]");
  const link = row?.querySelector("a[data-drawer]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || getSelection().toString()) return;
  if (isWide()) event.preventDefault(), open(link, event.detail === 0); // 0: by key, Esc goes back
  else if (!event.target.closest("a")) location.assign(link.href);
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer?.contains(document.activeElement) && !drawer.querySelector("details[open]")) drawer.querySelector("[data-drawer-close]")?.click();
});
// A row that came anew by itself keeps its mark; an empty queue's words leave with the first row.
addEventListener("htmx:afterSwap", (event) => {
  if (!drawer) return;
  // The pressed button may be gone with its question: the drawer keeps the focus then.
  if (event.detail.target === drawer && document.activeElement === document.body && event.detail.requestConfig.verb === "post") drawer.focus();
  if (drawer.dataset.job && !drawer.classList.contains("none")) document.getElementById(drawer.dataset.job)?.setAttribute("aria-selected", "true");
  if (document.querySelector("tr[data-row]")) document.getElementById("no-jobs")?.remove();
});
// A menu closes once its action is done, so that its card may come anew.
addEventListener("htmx:afterRequest", (event) => event.detail.successful && event.target.closest?.("details.drop")?.removeAttribute("open"));
