// The wall stays current: swaps in what the feed sends, lights up what changed, turns pages.
const narrow = () =>
  document.body.classList.contains("embed") || matchMedia("(max-width: 900px)").matches;
const board = document.getElementById("board");
const TURN = 12000;
const STALE = 5 * 60 * 1000;
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
  const old = Date.now() - heard > STALE;
  const top = board.querySelector(".top");
  const text = old ? board.dataset.stale : board.dataset.updated;
  top.querySelector(".fed").classList.toggle("stale", old);
  const line = fill(text, { time: top.dataset.clock });
  const place = top.querySelector(".updated");
  if (place.textContent !== line) place.textContent = line;
}

const feed = new EventSource(board.dataset.feed);
feed.addEventListener("board", (event) => {
  heard = Date.now();
  swap(JSON.parse(event.data).html);
  age();
});
feed.addEventListener("tick", (event) => {
  heard = Date.now();
  const clock = JSON.parse(event.data).clock;
  board.querySelector(".top h1").textContent = clock;
  board.querySelector(".top").dataset.clock = clock.slice(-5);
  age();
});
addEventListener("pagehide", () => feed.close());
setInterval(() => turn(1), TURN);
setInterval(age, 10000);
turn(0);
