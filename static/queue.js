// Queue: on a wide screen a job opens beside the list; every link works without, and on a phone.
const drawer = document.getElementById("drawer");
const isBeside = () => drawer?.matches(".split > *") && getComputedStyle(drawer).display !== "none";
const FRESH = 1500; // ms in which a question that took another's place takes no answer
function mark(row) {
  document.querySelectorAll("tr[data-row][aria-selected]").forEach((each) => each.removeAttribute("aria-selected"));
  row?.setAttribute("aria-selected", "true");
}
function show(address, withFocus) {
  drawer.classList.remove("none");
  return htmx.ajax("GET", address, { target: "#drawer", swap: "innerHTML" }).then(() => withFocus && focusInside());
}
// A form that asks takes the focus to its first field, a job to its drawer.
const fields = () => [...drawer.querySelectorAll("[data-ask] select, [data-ask] input:not([type=hidden])")];
const focusInside = () => (fields().find((field) => field.type !== "radio" || field.checked) ?? drawer).focus();
function open(link, withFocus) {
  const row = link.closest("tr");
  mark(row);
  drawer.dataset.from = link.id;
  drawer.dataset.job = row.id;
  show(link.getAttribute("href"), withFocus);
}
function close() {
  drawer.replaceChildren();
  drawer.classList.add("none");
  mark(null);
  delete drawer.dataset.job;
  document.getElementById(drawer.dataset.from)?.focus();
}
addEventListener("click", (event) => {
  if (event.target.closest("[data-drawer-close]")) return close();
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const ask = event.target.closest("[data-drawer-ask], [data-drawer-back]");
  if (ask) {
    if (!isBeside()) return;
    event.preventDefault();
    const row = ask.closest("tr[data-row]");
    if (row) mark(row), (drawer.dataset.from = `job-link-${row.id.slice(4)}`), (drawer.dataset.job = row.id);
    ask.closest("details.drop")?.removeAttribute("open");
    return show(ask.getAttribute("href"), true);
  }
  const row = event.target.closest("tr[data-row]"), link = row?.querySelector("a[data-drawer]");
  const own = event.target.closest("a,button,input,summary,label,.pop");
  if (!link || (own && own !== link) || getSelection().toString()) return;
  if (isBeside()) event.preventDefault(), open(link, event.detail === 0); // 0: by key, Esc goes back
  else if (own !== link) location.assign(link.href);
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !drawer?.contains(document.activeElement) || drawer.querySelector("details.drop[open]")) return;
  (drawer.querySelector("[data-drawer-back]") ?? drawer.querySelector("[data-drawer-close]"))?.click();
});

// News swap the drawer under somebody's hands: what is open and how far it is scrolled stays.
let before = null;
addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target !== drawer) return;
  before = {
    job: drawer.querySelector("[id^=job-detail-]")?.id,
    scroll: drawer.querySelector("[data-keep-scroll]")?.scrollTop ?? 0,
    details: new Map([...drawer.querySelectorAll("details[id]")].map((each) => [each.id, each.open])),
    question: drawer.querySelector("[data-question]")?.dataset.question,
  };
});
addEventListener("htmx:afterSwap", (event) => {
  if (!drawer) return;
  if (event.detail.target === drawer && before) restore(event.detail.requestConfig.verb);
  if (drawer.dataset.job && !drawer.classList.contains("none")) document.getElementById(drawer.dataset.job)?.setAttribute("aria-selected", "true");
  if (document.querySelector("tr[data-row]")) document.getElementById("no-jobs")?.remove();
  if (event.detail.requestConfig.elt.id === "show-came") document.querySelector("a.job-link")?.focus();
});
function restore(verb) {
  const asked = drawer.querySelector("[data-question]");
  if (before.job && drawer.querySelector("[id^=job-detail-]")?.id === before.job) {
    const body = drawer.querySelector("[data-keep-scroll]");
    if (body && before.question === asked?.dataset.question) body.scrollTop = before.scroll;
    drawer.querySelectorAll("details[id]").forEach((each) => before.details.has(each.id) && (each.open = before.details.get(each.id)));
    // Another question where one was just answered: a second click must not answer it too.
    if (before.question && asked && before.question !== asked.dataset.question) hold(asked);
  }
  // The pressed button may be gone with its question: the drawer keeps the focus then.
  if (verb === "post" && document.activeElement === document.body) focusInside();
}
function hold(asked) {
  const buttons = [...asked.querySelectorAll("button")];
  asked.classList.add("fresh");
  buttons.forEach((button) => (button.disabled = true));
  setTimeout(() => (asked.classList.remove("fresh"), buttons.forEach((button) => (button.disabled = false))), FRESH);
}
// A menu closes once its action is done, so that its card or row may come anew.
addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.requestConfig.verb !== "get") event.target.closest?.("details.drop")?.removeAttribute("open");
});

// Several jobs at once: what is chosen stays chosen when its row comes anew.
const chosen = new Set(), bulk = () => document.getElementById("bulk");
const boxes = () => [...document.querySelectorAll("input[name=job][form=bulk]")];
function count() {
  const bar = bulk(), says = document.getElementById("bulk-count");
  if (!bar) return;
  boxes().forEach((box) => (box.checked = chosen.has(box.value)));
  bar.classList.toggle("some", chosen.size > 0);
  says.textContent = chosen.size === 0 ? "" : chosen.size === 1 ? says.dataset.one : says.dataset.many.replace("#", chosen.size);
  const all = document.getElementById("all-jobs");
  all.checked = chosen.size > 0 && boxes().every((box) => box.checked);
  all.indeterminate = chosen.size > 0 && !all.checked;
}
addEventListener("change", ({ target }) => {
  if (target.id === "all-jobs") boxes().forEach((box) => chosen[target.checked ? "add" : "delete"](box.value));
  else if (target.matches("input[name=job][form=bulk]")) chosen[target.checked ? "add" : "delete"](target.value);
  else return;
  count();
});
addEventListener("click", ({ target }) => target.closest("#bulk-none") && (chosen.clear(), count()));
document.addEventListener("bulk-done", () => (chosen.clear(), count()));
addEventListener("htmx:afterSettle", () => {
  const there = new Set(boxes().map((box) => box.value));
  [...chosen].forEach((id) => there.has(id) || chosen.delete(id));
  count();
});
addEventListener("pageshow", () => (boxes().forEach((box) => box.checked && chosen.add(box.value)), count()));

// Which jobs have a row already: the others that fit this view come as new rows.
addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id === "new-jobs") detail.parameters.shown = [...document.querySelectorAll("tr[data-row]")].map((row) => row.id.slice(4)).slice(-500).join(",");
});
