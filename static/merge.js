// Lists that stay live: fetch the list again, keep what is unchanged, swap what changed, insert what is new.
const PASSING = ["new", "gone", "drag"]; // classes of the moment, not of the server
// What a person would call a change; times that only run on (data-rel) are swapped without a mark.
const text = (el) => el.textContent.replace(/\s+/g, " ");
const steady = (el) => [...el.querySelectorAll("[data-rel]")].reduce((words, part) => words.replace(text(part), ""), text(el));
const looks = (el) => [steady(el), ...[...el.classList].filter((name) => !PASSING.includes(name) && !name.startsWith("htmx-")), el.getAttribute("style"), el.dataset.version, el.dataset.state].join("|");
const busy = (el) => el.querySelector("details[open], dialog[open]") || el.classList.contains("drag") || document.body.dataset.dragging;
let isFetching = false, isWanted = false;

async function refetch(root) {
  if (isFetching) return (isWanted = true);
  isFetching = true;
  try {
    const form = document.getElementById(root.dataset.mergeForm);
    const answer = await fetch(root.dataset.mergeSrc, {
      method: form ? "POST" : "GET", body: form && new FormData(form),
      headers: { "HX-Request": "true", "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] },
    });
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (!answer.ok) return;
    const box = document.createElement("template"); // parses table parts too, and runs nothing
    box.innerHTML = await answer.text();
    merge(root, box.content);
  } finally {
    isFetching = false;
    if (isWanted) (isWanted = false), refetch(document.querySelector("[data-merge]"));
  }
}
function merge(root, answer) {
  const next = answer.querySelector("[data-merge]");
  if (!next) return;
  answer.querySelectorAll("[data-part]").forEach((part) => document.getElementById(part.id)?.replaceWith(part.cloneNode(true)));
  // From empty to some, or to other hours or rooms: all of it changes.
  const isTable = root.dataset.mergeMissing !== "drop", isEmpty = !root.querySelector("tr[id]") || !next.querySelector("tr[id]");
  if (isTable ? isEmpty : root.dataset.shape !== next.dataset.shape) {
    if (looks(root) !== looks(next)) root.replaceWith(next), htmx.process(next);
    return;
  }
  const insertsNow = root.dataset.mergeInsert !== "ask", known = new Map(), fresh = [], listed = new Set();
  lists(root).forEach((list) => [...list.children].forEach((el) => known.set(el.id, el)));
  for (const list of lists(next)) {
    const place = list.id === root.id ? root : document.getElementById(list.id);
    let before = null;
    for (const el of [...list.children]) {
      listed.add(el.id);
      const old = known.get(el.id);
      if (old && old.parentElement === place) before = looks(old) === looks(el) && text(old) === text(el) ? unmarked(old) : swap(old, el);
      else if (old) busy(old) || (before = elsewhere(old, place, el, before));
      else if (insertsNow) before = insert(place, el, before, true);
      else fresh.push(el.id);
    }
  }
  for (const [id, el] of known)
    if (!listed.has(id) && !busy(el)) root.dataset.mergeMissing === "drop" ? el.remove() : root.dataset.mergeMissing === "mark" && el.classList.add("gone");
  announce(root, fresh.length);
}
const lists = (root) => (root.matches("[data-list]") ? [root] : [...root.querySelectorAll("[data-list]")]);
function unmarked(old) {
  old.classList.remove("gone");
  return old;
}
function swap(old, el) {
  if (busy(old)) return old;
  const focus = old.contains(document.activeElement) && (document.activeElement.id || "a");
  old.replaceWith(el);
  htmx.process(el);
  if (looks(old) !== looks(el)) mark(el);
  if (focus) (el.id === focus ? el : el.querySelector(focus === "a" ? "a" : `#${CSS.escape(focus)}`) ?? el).focus({ preventScroll: true });
  return el;
}
function elsewhere(old, place, el, before) {
  const hasFocus = old.contains(document.activeElement);
  old.remove();
  insert(place, el, before, true);
  if (hasFocus) el.focus({ preventScroll: true });
  return el;
}
function insert(place, el, before, isNew) {
  before ? before.after(el) : place.prepend(el);
  htmx.process(el);
  if (isNew) mark(el);
  return el;
}
function mark(el) {
  el.classList.add("new");
  setTimeout(() => el.classList.remove("new"), 5000);
}
function announce(root, count) {
  const bar = root.querySelector("[data-newbar]");
  if (!bar) return;
  bar.hidden = !count;
  bar.querySelector("[data-newcount]").textContent = count;
}

const kindOf = () => document.querySelector("[data-merge]")?.dataset.merge;
document.body.addEventListener(`${kindOf()}s`, (event) => {
  const root = document.querySelector("[data-merge]"), ids = event.detail.ids ?? [];
  const isKnown = (id) => document.getElementById(`${kindOf()}-${id}`);
  // Few and all on the page: each row has refetched itself already.
  if (ids.length && ids.length <= Number(root.dataset.mergeOver) && ids.every(isKnown)) return;
  refetch(root);
});
if (document.querySelector("[data-merge-also]")) document.body.addEventListener("devices", () => refetch(document.querySelector("[data-merge]")));
addEventListener("click", (event) => event.target.closest("[data-newshow]") && location.reload());
addEventListener("portal:settled", () => refetch(document.querySelector("[data-merge]")));
// Rows swapped by htmx show that they changed, for five seconds.
addEventListener("htmx:afterSwap", ({ detail }) => {
  const el = detail.requestConfig?.verb === "get" && /^\w+-\d+$/.test(detail.target.id) && document.getElementById(detail.target.id);
  if (el) mark(el);
});
setInterval(() => document.hidden || document.body.classList.contains("stale") || refetch(document.querySelector("[data-merge]")), 60_000);
