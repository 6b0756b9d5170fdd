// Film page: choose boxes at once (the form does it too, slower), keys, what a fill will take.
const composer = () => document.getElementById("composer");
const cells = () => [...document.querySelectorAll(".cell")];
const isTyping = (el) => el.closest?.("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");

function choose(cell, withFocus) {
  if (!cell) return;
  for (const each of cells()) {
    each.setAttribute("aria-pressed", String(each === cell));
    each.tabIndex = each === cell ? 0 : -1;
  }
  document.querySelectorAll("#composer [name=box][type=hidden]").forEach((input) => (input.value = cell.value));
  document.querySelectorAll("#composer [data-box]").forEach((el) => (el.textContent = cell.value));
  for (const name of ["center", "width"]) {
    const input = document.getElementById(`id_window_${name}`);
    if (!input) continue;
    input.value = cell.dataset[name];
    input.placeholder = cell.dataset[name === "center" ? "ownCenter" : "ownWidth"];
  }
  const says = document.getElementById("box-says");
  if (says) says.textContent = cell.dataset.says;
  const address = new URL(location.href);
  address.searchParams.set("box", cell.value);
  history.replaceState(history.state, "", address);
  if (withFocus) cell.focus();
}
// What a person chose after a request was sent is chosen still when its answer comes; news of
// others (#film-live) choose no box at all: they know only the one of when the page was drawn.
let picked = -Infinity, kept = null;
const asked = new WeakMap();
function pick(cell) {
  picked = performance.now();
  choose(cell, true);
}
addEventListener("htmx:beforeSend", ({ detail }) => asked.set(detail.xhr, performance.now()));
addEventListener("htmx:beforeSwap", ({ detail }) => {
  const isNews = detail.requestConfig.elt.id === "film-live", isPicked = picked > (asked.get(detail.xhr) ?? Infinity);
  const film = (address) => new URL(address).pathname.match(/^\/films\/(\d+)\//)?.[1];
  kept = (isNews || isPicked) && film(detail.xhr.responseURL) === film(location.href) ? document.querySelector(".cell[aria-pressed=true]")?.id : null;
});
// The next box in a direction: the nearest one whose middle lies that way.
function beside(cell, key) {
  const middle = (el) => { const r = el.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; };
  const [x, y] = middle(cell), [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let best, least = Infinity;
  for (const other of cells()) {
    const [ox, oy] = middle(other), along = (ox - x) * dx + (oy - y) * dy, across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    const cost = along + 3 * across;
    if (along > 2 && cost < least) (best = other), (least = cost);
  }
  // At the end of a row: on to the next one, as in reading.
  return best ?? cells()[cells().indexOf(cell) + (key === "ArrowRight") - (key === "ArrowLeft")];
}
addEventListener("click", (event) => {
  const cell = event.target.closest?.(".cell");
  if (!cell) return;
  event.preventDefault();
  pick(cell);
});
addEventListener("keydown", (event) => {
  if (!composer() || event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key.toLowerCase() === "p" && (event.ctrlKey || event.metaKey)) {
    const print = document.getElementById("print-top");
    if (print && !print.disabled) event.preventDefault(), print.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  const cell = event.target.closest(".cell");
  if (event.key.startsWith("Arrow") && cell) return event.preventDefault(), pick(beside(cell, event.key));
  if (event.key === " " && event.target !== document.body && !cell) return; // a button's own key
  if (event.key.toLowerCase() === "w") return event.preventDefault(), document.getElementById("id_window_center")?.focus();
  const button = document.querySelector(`#composer [data-film-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button && !button.disabled) event.preventDefault(), button.click();
});
// Somebody else's change waits while a field has the focus; the answer to one's own conflict does not.
addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id !== "film-live" || event.detail.requestConfig.triggeringEvent?.type === "film-stale") return;
  const field = document.activeElement;
  if (composer().contains(field) && isTyping(field)) event.preventDefault();
});
function sayFill() {
  const form = document.getElementById("fill-form"), says = form?.querySelector("[data-fill-says]");
  if (!says) return;
  const [first, last, every] = ["first", "last", "every"].map((name) => Number(form.elements[`fill-${name}`].value));
  const end = Math.min(last, Number(form.dataset.fill));
  const count = first >= 1 && every >= 1 && end >= first ? Math.floor((end - first) / every) + 1 : 0;
  says.hidden = !count;
  says.textContent = says.dataset.fillSays.replace("{n}", count).replace("{m}", Math.ceil(count / Number(form.dataset.boxes)));
}
addEventListener("input", (event) => event.target.closest?.("#fill-form") && sayFill());
// One box takes part in tabbing, the chosen one; arrows go on from it.
const rove = () => cells().forEach((cell) => (cell.tabIndex = cell.getAttribute("aria-pressed") === "true" ? 0 : -1));
addEventListener("htmx:afterSettle", () => {
  sayFill();
  if (kept) choose(document.getElementById(kept));
  kept = null;
  rove();
  // The box with the focus is the chosen one, also when the film came anew.
  const cell = document.activeElement?.closest?.(".cell[aria-pressed=false]");
  if (cell) choose(cell);
});
sayFill();
rove();
