// The wall stays current: swaps in what the feed sends, lights up what changed, turns pages.
const narrow = () =>
  document.body.classList.contains("embed") || matchMedia("(max-width: 900px)").matches;
const board = document.getElementById("board");
const TURN = 12000;
const STALE = 5 * 60 * 1000;
const LOST = 75 * 1000; // the server speaks every twenty seconds
const DAY = 24 * 60 * 60 * 1000;
const FRESH = 4000;
let heard = Date.now();
let shown = 1;

const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

function cells() {
  const found = new Map();
  for (const cell of board.querySelectorAll("td[data-node]")) {
    const row = cell.closest("tr");
    found.set(`${row.dataset.order}/${cell.dataset.node}`, cell.textContent);
  }
  return found;
}

function swap(html) {
  const before = cells();
  const place = document.scrollingElement.scrollTop;
  board.innerHTML = html;
  document.scrollingElement.scrollTop = place;
  for (const cell of board.querySelectorAll("td[data-node]")) {
    const key = `${cell.closest("tr").dataset.order}/${cell.dataset.node}`;
    if (before.has(key) && before.get(key) !== cell.textContent) light(cell);
  }
  turn(0);
}

function light(cell) {
  cell.classList.add("fresh");
  cell.querySelector(".chip").classList.add("glow");
  const row = cell.closest("tr");
  if (narrow()) row.scrollIntoView({ block: "nearest" });
  setTimeout(() => cell.classList.remove("fresh"), FRESH);
}

function turn(step) {
  const pages = Number(board.querySelector(".top").dataset.pages);
  const whole = narrow() || pages < 2;
  shown = ((shown - 1 + step) % pages) + 1;
  for (const row of board.querySelectorAll("tr[data-page]")) {
    const page = Number(row.dataset.page);
    row.hidden = !whole && page !== 0 && page !== shown;
  }
  const label = whole ? "" : fill(board.dataset.page, { n: shown, all: pages });
  board.querySelector(".paged").textContent = label;
}

function age() {
  const silent = Date.now() - heard;
  const top = board.querySelector(".top");
  const text = silent > STALE ? board.dataset.stale : silent > LOST ? board.dataset.lost : board.dataset.updated;
  top.querySelector(".fed").classList.toggle("stale", silent > LOST);
  top.classList.toggle("stopped", silent > LOST);
  const line = fill(text, { time: top.dataset.clock });
  const place = top.querySelector(".updated");
  if (place.textContent !== line) place.textContent = line;
}

// A browser gives a feed up for good when the answer is no feed (a proxy's 502, a restart at the
// wrong moment): then it is opened anew, more and more patiently.
let feed;
let wait = 2000;

function listen() {
  feed = new EventSource(board.dataset.feed);
  feed.addEventListener("board", (event) => {
    heard = Date.now();
    wait = 2000;
    const told = JSON.parse(event.data);
    swap(told.html);
    age();
    if (told.version !== board.dataset.version) again();
  });
  feed.addEventListener("tick", (event) => {
    heard = Date.now();
    const clock = JSON.parse(event.data).clock;
    board.querySelector(".top h1").textContent = clock;
    board.querySelector(".top").dataset.clock = clock.slice(-5);
    age();
  });
  feed.addEventListener("error", () => {
    if (feed.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, 30000);
  });
}

// A new program, or a day gone by: load the page again, but only while the server answers, so that
// a wall never shows a browser's own error page.
async function again() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    setTimeout(again, 30000);
  }
}

// Screens on walls should not fall asleep.
async function awake() {
  try {
    if (navigator.wakeLock && document.visibilityState === "visible") await navigator.wakeLock.request("screen");
  } catch {
    // not allowed here; the screen's own settings count
  }
}

addEventListener("pagehide", () => feed.close());
addEventListener("pageshow", (event) => event.persisted && listen());
if (!document.body.classList.contains("embed")) {
  document.addEventListener("visibilitychange", awake);
  awake();
  setTimeout(again, DAY);
}
setInterval(() => turn(1), TURN);
setInterval(age, 10000);
turn(0);
listen();
