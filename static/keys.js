// Keys of every page, and the small manners of menus, dialogs and toasts. Nothing here is the only way to do a thing.
const GO = { b: "/board/", w: "/worklist/", p: "/print/", d: "/devices/", r: "/reconcile/", q: "/queries/", f: "/films/", h: "/health/" };
let prefix = -Infinity; // when G was pressed
const isTyping = (el) => el.closest("input,textarea,select,[contenteditable]");
const openLayer = () => [...document.querySelectorAll("details.drop[open]")].pop();

addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form");
  if (event.key === "Enter" && !event.ctrlKey && event.target.dataset?.enter)
    return event.preventDefault(), document.getElementById(event.target.dataset.enter).click();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return (form ?? document.querySelector("form[data-submit-keys]"))?.requestSubmit();
  if (event.key === "Escape") {
    const layer = openLayer();
    if (layer) (layer.open = false), layer.querySelector("summary").focus();
    const found = document.getElementById("found");
    if (found?.childElementCount) found.replaceChildren(), setExpanded(false);
    return;
  }
  if (event.target.id === "q" || event.target.closest?.("#found")) return walkResults(event);
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (performance.now() - prefix < 1500 && GO[key]) return go(event, GO[key]);
  if (key === "g") prefix = performance.now();
  else if (key === "/") event.preventDefault(), document.getElementById("q")?.focus();
  else if (key === "?") openDialog("keys");
  else if (key === "n" && document.querySelector("[data-key=n]")) go(event, document.querySelector("[data-key=n]").href);
  else if (key === "t" && document.querySelector("[data-key=t]")) go(event, document.querySelector("[data-key=t]").href);
  else pressKey(event, key) || walkRows(event, key);
});
// A key of this page alone: a link or button is pressed, a field gets the focus (a radio: the chosen one of its group).
function pressKey(event, key) {
  const el = document.querySelector(`[data-page-key=${CSS.escape(key)}]`);
  if (!el) return false;
  event.preventDefault();
  if (el.matches("a,button")) el.click();
  else (el.type === "radio" ? el.form.querySelector(`[name=${el.name}]:checked`) ?? el : el).focus();
  return true;
}
function go(event, address) {
  event.preventDefault();
  location.assign(address);
}
// Search results: arrows choose, Enter opens (they are links).
function walkResults(event) {
  const links = [...document.querySelectorAll("#found a")], at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !links.length) return;
  event.preventDefault();
  (links[at + step] ?? document.getElementById("q")).focus();
}
// Lists: J and K choose a row, Enter opens it (its first link has the focus), A and R press its buttons.
function walkRows(event, key) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement.closest("tr[data-row]"));
  const step = { j: 1, k: -1 }[key];
  if (step) rows[Math.max(0, Math.min(rows.length - 1, at + step))].querySelectorAll("a").forEach((link, nth, all) => link === [...all].find((one) => one.offsetParent) && link.focus());
  else rows[at]?.querySelector(`[data-key=${CSS.escape(key)}]`)?.click();
}
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("[data-safe]")?.focus();
}
function setExpanded(is) {
  document.getElementById("q")?.setAttribute("aria-expanded", String(is));
}

addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) {
    const menu = opener.closest("details.drop"); // what gets the focus back: its button, when it closes
    if (menu) (menu.open = false), menu.querySelector("summary").focus();
    event.preventDefault();
    openDialog(opener.dataset.openDialog);
  }
  const closer = event.target.closest("dialog [data-close-dialog]");
  if (closer) event.preventDefault(), closer.closest("dialog").close();
  event.target.closest("[data-toast-close]")?.closest("[data-toast], .alert")?.remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => say(copy.dataset.copied));
  document.querySelectorAll("details.drop[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
  const found = document.getElementById("found");
  if (found?.childElementCount && !event.target.closest(".search")) found.replaceChildren(), setExpanded(false);
});
// Filters apply when chosen; a day that was only shown stays out of the address.
addEventListener("change", (event) => {
  if (!event.target.matches("[data-autosubmit]")) return;
  event.target.form.querySelectorAll("[data-skip-unchanged]").forEach((el) => (el.disabled = el.value === el.defaultValue));
  event.target.form.requestSubmit();
});
function say(text) {
  document.getElementById("say").textContent = text;
}

addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "found") setExpanded(event.detail.target.childElementCount > 0);
});
// A failed submit focuses the first wrong field.
const focusWrong = (within) => within.querySelector("[aria-invalid=true]")?.focus({ preventScroll: true });
// In the middle of the screen: a phone's tab bar covers the lower edge. After htmx has scrolled where it likes.
const showWrong = () => document.activeElement?.matches("[aria-invalid=true]") && document.activeElement.scrollIntoView({ block: "center" });
addEventListener("htmx:afterSettle", () => requestAnimationFrame(showWrong));
addEventListener("htmx:load", (event) => focusWrong(event.detail.elt));
addEventListener("DOMContentLoaded", () => (focusWrong(document), showWrong()));
// Toasts of success leave after ten seconds; refusals stay until closed.
const toasts = document.getElementById("toasts");
new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes]))
    if (node.nodeType === 1 && !node.matches(".alert")) setTimeout(() => node.remove(), 10_000);
}).observe(toasts, { childList: true });
// What a service refused comes as an alert; what failed in another way gets ours. Reads stay silent: the banner tells.
addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
  const isFine = xhr.status < 400 || xhr.status === 422; // 0: replaced by a newer question, or sendError below
  if (!isFine && requestConfig.verb !== "get") refused(xhr);
});
addEventListener("htmx:sendError", ({ detail: { xhr, requestConfig } }) => requestConfig.verb === "get" || refused(xhr));
function refused(xhr) {
  const box = document.createElement("template");
  box.innerHTML = xhr.status >= 400 && xhr.status < 500 ? xhr.responseText : "";
  const alert = box.content.querySelector(".alert") ?? document.getElementById("not-saved").content.firstElementChild.cloneNode(true);
  alert.classList.add("toast");
  if (!alert.querySelector("[data-toast-close]")) alert.append(document.getElementById("not-saved").content.querySelector("[data-toast-close]").cloneNode(true));
  toasts.append(alert);
}
// Signed out meanwhile: the answer is the sign-in page, which belongs in the window, not in a row.
addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.xhr.responseURL.includes("/sign-in/")) return;
  detail.shouldSwap = false;
  location.reload();
});
// After a swap the focus returns to the same control of the new element, or to what holds it.
let focused = null;
const controls = (el) => [...el.querySelectorAll("a[href],button,summary,input:not([type=hidden]),select,textarea")];
addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  const at = target.id && target.id !== "found" ? controls(target).indexOf(document.activeElement) : -1;
  focused = at < 0 ? null : { id: target.id, at };
});
addEventListener("htmx:afterSettle", () => {
  const el = focused && document.getElementById(focused.id), again = el && controls(el)[focused.at];
  focused = null;
  if (!again || document.activeElement !== document.body) return;
  (again.offsetParent ? again : again.closest("details")?.querySelector("summary") ?? controls(el)[0]).focus({ preventScroll: true });
});
// A row with an open menu is not swapped under the person's hands; it catches up when the menu closes.
addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  const menu = requestConfig?.verb === "get" && target.id !== "found" && target.querySelector("details.drop[open], dialog[open]");
  if (!menu) return;
  event.detail.shouldSwap = false;
  const catchUp = () => htmx.trigger(document.body, target.id);
  menu.addEventListener(menu.tagName === "DIALOG" ? "close" : "toggle", catchUp, { once: true });
});
