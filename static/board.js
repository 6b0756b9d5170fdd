// Move an exam by pointer or keys. The server decides: the card stays where it was until the answer puts it elsewhere.
const STEP = 5, board = () => document.getElementById("board"), grid = () => document.getElementById("grid");
const words = (key) => board().dataset[`say${key}`], announce = (text) => (document.getElementById("say").textContent = text);
const lanes = () => [...document.querySelectorAll(".lane")].filter((lane) => lane.offsetParent);
const value = (el, name) => parseFloat(getComputedStyle(el).getPropertyValue(name)) || 0;
const clock = (at) => { const t = at + Number(board().dataset.first); return `${String(Math.floor(t / 60)).padStart(2, "0")}:${String(t % 60).padStart(2, "0")}`; };
let move = null;

function begin(el) {
  const lane = el.closest(".lane") ?? lanes().find((one) => one.dataset.modality === el.dataset.modality) ?? lanes()[0];
  const s = el.matches(".ev") ? value(el, "--s") : Math.ceil(value(grid(), "--now") / STEP) * STEP;
  move = { el, lane, s, s0: s, lane0: lane, d: Number(el.dataset.minutes), ghost: Object.assign(document.createElement("div"), { className: "ghost" }) };
  el.classList.add("drag");
  document.body.dataset.dragging = "yes";
  show();
}
function problem({ lane, s, d, el }) {
  if (lane.dataset.modality !== el.dataset.modality) return words("Cannot");
  const meets = (card) => card !== el && !card.matches(".dash") && value(card, "--s") < s + d && value(card, "--s") + Number(card.dataset.minutes) > s;
  return [...lane.querySelectorAll(".ev")].some(meets) ? words("Overlaps") : "";
}
function show() {
  const { ghost, lane, s, d } = move, no = problem(move);
  ghost.style.cssText = `--s:${s};--d:${d}`;
  ghost.classList.toggle("no", Boolean(no));
  ghost.textContent = `${clock(s)}–${clock(s + d)} ${lane.dataset.name}: ${no || words("Free")}`;
  lane.append(ghost);
  announce(ghost.textContent);
}
function end(keep) {
  if (!move) return;
  const { el, ghost, lane, s, s0, lane0 } = move, no = problem(move), isSame = s === s0 && lane === lane0 && el.matches(".ev");
  ghost.remove();
  el.classList.remove("drag");
  delete document.body.dataset.dragging;
  move = null;
  el.focus({ preventScroll: true });
  if (!keep || isSame) announce(words("Left"));
  else if (no) announce(`${words("Not")} ${lane.dataset.name} ${clock(s)}: ${no}.`), toast(`${words("Not")} ${lane.dataset.name}, ${clock(s)}: ${no}.`);
  else put(el, lane, s);
}
async function put(el, lane, s) {
  el.setAttribute("aria-busy", "true");
  await htmx.ajax("POST", el.dataset.move, { target: document.body, swap: "none", values: { station: lane.dataset.station, start_date: board().dataset.day, start_time: clock(s), version: el.dataset.version } });
  el.removeAttribute("aria-busy");
  dispatchEvent(new Event("portal:settled"));
}
function toast(text) {
  const note = document.getElementById("not-saved").content.firstElementChild.cloneNode(true);
  note.querySelector("p").textContent = text;
  note.classList.replace("tone-bad", "tone-warn");
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 10_000);
}
const shift = (minutes, step) => {
  const all = lanes();
  move.s = Math.max(0, Math.min(value(grid(), "--len") - move.d, move.s + minutes));
  move.lane = all[Math.max(0, Math.min(all.length - 1, all.indexOf(move.lane) + step))];
  show();
  move.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
};
const movable = (target) => board()?.dataset.mayMove === "yes" && target.closest?.(".ev[data-move],.uns[data-move]");

addEventListener("pointerdown", (event) => {
  const el = movable(event.target);
  if (!el || event.button || event.pointerType === "touch") return;
  const y0 = event.clientY, x0 = event.clientX, isCard = el.matches(".ev"), ppm = value(grid(), "--ppm");
  const onMove = (now) => {
    if (!move && Math.hypot(now.clientX - x0, now.clientY - y0) < 5) return;
    if (!move) begin(el);
    move.lane = lanes().find((lane) => { const box = lane.getBoundingClientRect(); return now.clientX >= box.left && now.clientX < box.right; }) ?? move.lane;
    const top = move.lane.getBoundingClientRect().top, at = isCard ? move.s0 + (now.clientY - y0) / ppm : (now.clientY - top) / ppm;
    move.s = Math.max(0, Math.min(value(grid(), "--len") - move.d, Math.round(at / STEP) * STEP));
    show();
  };
  const onUp = () => {
    removeEventListener("pointermove", onMove);
    removeEventListener("pointerup", onUp);
    if (!move) return;
    addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    end(true);
  };
  addEventListener("pointermove", onMove);
  addEventListener("pointerup", onUp);
});
// A double click on free time orders there.
addEventListener("dblclick", (event) => {
  const lane = event.target.closest(".lane");
  if (!lane || event.target.closest(".ev") || !board().dataset.order) return;
  const at = Math.floor((event.clientY - lane.getBoundingClientRect().top) / value(grid(), "--ppm") / 15) * 15;
  location.assign(`${board().dataset.order}?slot=${lane.dataset.station}@${board().dataset.day}T${clock(at)}`);
});
addEventListener("dragstart", (event) => event.target.closest(".board") && event.preventDefault());
addEventListener("keydown", (event) => {
  const el = event.target.closest?.(".ev,.uns");
  const arrow = { ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (move) {
    if (arrow) event.preventDefault(), shift(...arrow);
    else if (event.key === "Enter") event.preventDefault(), end(true);
    else if (event.key === "Escape" || event.key === "Tab") event.preventDefault(), end(false);
  } else if (el && event.key.toLowerCase() === "m" && movable(el)) {
    event.preventDefault(), begin(el), announce(words("Lifted"));
  } else if (el?.matches(".ev") && arrow) {
    event.preventDefault(), walk(el, arrow);
  }
});
// Arrows without a card in hand: up and down the lane, across to the nearest card of the next.
function walk(el, [down, across]) {
  const lane = el.closest(".lane"), cards = (of) => [...of.querySelectorAll(".ev")];
  if (down) return cards(lane)[cards(lane).indexOf(el) + Math.sign(down)]?.focus();
  const all = lanes(), near = (card) => Math.abs(value(card, "--s") - value(el, "--s"));
  for (let at = all.indexOf(lane) + across; all[at]; at += across) {
    const next = cards(all[at]).sort((a, b) => near(a) - near(b))[0];
    if (next) return next.focus();
  }
}
// The line of the present moves with the clock; the first look shows it.
function tick() {
  const label = document.getElementById("now-label"), now = new Date();
  if (!label) return;
  const text = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: document.documentElement.dataset.zone });
  const [hours, minutes] = text.split(":").map(Number);
  grid().style.setProperty("--now", hours * 60 + minutes - Number(board().dataset.first));
  label.textContent = text;
}
setInterval(tick, 20_000);
if (document.getElementById("now-label")) grid().scrollTop = Math.max(0, value(grid(), "--now") * value(grid(), "--ppm") - grid().clientHeight / 3);
