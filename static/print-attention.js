// Who asks to be called hears and sees it when a job comes to need a person: a sound, a notice, the window's title.
const button = document.getElementById("call-me"), title = document.title;
const needing = () => new Set((document.getElementById("queue-tabs")?.dataset.needs ?? "").split(" ").filter(Boolean));
let known = needing(), audio = null;
const isOn = () => button?.getAttribute("aria-pressed") === "true";

button?.addEventListener("click", () => {
  const on = !isOn();
  button.setAttribute("aria-pressed", on);
  document.cookie = `print-call=${on ? "on" : "off"};path=/print/;max-age=31536000;samesite=lax`;
  document.getElementById("say").textContent = on ? button.dataset.on : button.dataset.off;
  if (on) sound(0.08); // so that people know what it will sound like; and browsers want a click first
  entitle();
});
// After a reload a browser keeps sounds back until the first key or click.
["pointerdown", "keydown"].forEach((name) => addEventListener(name, () => isOn() && context()?.resume(), { once: true }));

function context() {
  return (audio ??= window.AudioContext ? new AudioContext() : null);
}
// Two rising tones, twice: not a sound that a printer or a scanner makes.
function sound(loudness = 0.2) {
  const at = context();
  if (!at || at.state === "closed") return;
  at.resume();
  [660, 880, 660, 880].forEach((pitch, nth) => {
    const tone = at.createOscillator(), level = at.createGain(), start = at.currentTime + nth * 0.22;
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(loudness, start + 0.02);
    level.gain.linearRampToValueAtTime(0, start + 0.18);
    tone.connect(level).connect(at.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  });
  document.body.dataset.sounded = Number(document.body.dataset.sounded ?? 0) + 1;
}
function entitle() {
  const count = needing().size;
  document.title = isOn() && count ? `(${count}) ${title}` : title;
}
function notice(ids) {
  const call = document.getElementById("called").content.firstElementChild.cloneNode(true);
  call.querySelector("b").textContent = button.dataset.says;
  const link = call.querySelector("a"), row = document.getElementById(`job-link-${ids[0]}`);
  link.href = row?.href ?? document.getElementById("tab-needs").href;
  link.textContent = ids.map((id) => `#${id}`).join(", ");
  document.getElementById("toasts").append(call);
}
addEventListener("htmx:afterSettle", () => {
  const now = needing(), fresh = [...now].filter((id) => !known.has(id));
  known = now;
  entitle();
  if (!fresh.length || !isOn()) return;
  sound();
  notice(fresh);
});
entitle();
