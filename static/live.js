// Live pages: the socket carries ids only; what listens to "step-7" or "steps" on body refetches itself.
const indicator = document.getElementById("live"), banner = document.getElementById("stale-banner");
const last = new Map(), waiting = new Map();
const LOST_AFTER = 10_000, POLL = 15_000, POLL_MAX = 120_000;
let socket, lostTimer, pollTimer, poll = POLL, retry = 500, isLost = false;

// At most once per event and second, but the first at once; ids of bundled news add up.
function tell(name, ids) {
  const held = waiting.get(name);
  if (held) return ids.forEach((id) => held.add(id));
  const wait = Math.max(0, (last.get(name) ?? -1000) + 1000 - performance.now());
  waiting.set(name, new Set(ids));
  const send = () => {
    const bundle = [...waiting.get(name)];
    waiting.delete(name);
    last.set(name, performance.now());
    htmx.trigger(document.body, name, { ids: bundle });
  };
  wait ? setTimeout(send, wait) : send();
}
const refetchAll = () => {
  const alone = [...document.querySelectorAll("[id^='step-'],[id^='job-'],[id^='printer-'],[id^='device-'],[id^='film-'],[id^='case-'],[id^='commitment-'],[id^='relay-']")];
  alone.filter((el) => !el.closest("[data-merge]")).forEach((el) => tell(el.id, []));
  ["steps", "jobs", "printers", "devices", "films", "knocks", "cases", "commitments", "relays", "alerts"].forEach((name) => tell(name, []));
};
function news(kinds) {
  if (kinds.live) return isLive();
  for (const [kind, ids] of Object.entries(kinds)) {
    // A list that merges (data-merge) takes many changes in one request instead of one each.
    const merges = document.querySelector(`[data-merge=${kind}]`);
    if (!merges || ids.length <= Number(merges.dataset.mergeOver)) ids.forEach((id) => tell(`${kind}-${id}`, [id]));
    tell(`${kind}s`, ids);
  }
}
function isLive() {
  if (indicator.dataset.state !== "connecting" || isLost) refetchAll();
  [indicator.dataset.state, isLost, retry, poll, banner.hidden] = ["live", false, 500, POLL, true];
  document.body.classList.remove("stale");
  clearTimeout(lostTimer), clearTimeout(pollTimer), (lostTimer = 0);
}
function lost(since) {
  [indicator.dataset.state, isLost, banner.hidden] = ["lost", true, false];
  document.getElementById("stale-since").textContent = since.toLocaleTimeString([], { hourCycle: "h23" });
  document.body.classList.add("stale");
  pollTimer = setTimeout(function again() { refetchAll(); poll = Math.min(poll * 2, POLL_MAX); pollTimer = setTimeout(again, poll); }, poll);
}
function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live/`);
  socket.onmessage = ({ data }) => news(JSON.parse(data));
  socket.onclose = ({ code }) => {
    if (code === 4403) return location.reload();
    lostTimer ||= setTimeout(lost, LOST_AFTER, new Date());
    if (!isLost) indicator.dataset.state = "reconnecting";
    setTimeout(connect, (retry = Math.min(retry * 2, 15_000)));
  };
}
if (indicator) connect();
document.getElementById("stale-retry")?.addEventListener("click", () => { refetchAll(); if (socket.readyState === 3) connect(); });
addEventListener("visibilitychange", () => { if (!document.hidden && indicator) refetchAll(); });
