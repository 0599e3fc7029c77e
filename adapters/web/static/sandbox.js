// The sandbox page: what is said on the left lights up on the right.
import { Phone, Room, lookAround } from "./sandbox/rooms.js";
import { Story } from "./sandbox/story.js";
import { element, get, hint, post, say } from "./sandbox/wire.js";

const world = { chats: [], people: {}, phones: [] };
const byId = (id) => document.getElementById(id);
const panes = byId("panes");
let now = "";

function told(message, answers) {
  const asked = answers.some((each) => each.kind === "ask");
  const onCard = answers.some((each) => each.kind === "card");
  const undoes = /撤|收回|发错|發錯|更正|undo/i.test(message?.text ?? "");
  if (message?.reactions.includes("✍")) hint(say(onCard && !undoes ? "recorded_push" : "recorded"));
  else if (asked || message?.reactions.includes("🤔")) hint(say("asked"));
  else if (!answers.some((each) => each.from === "bot")) hint(say("quiet"));
}

function watch(pane, handlers = {}) {
  return { onSend: told, onNews: () => notice(pane), ...handlers };
}

const rooms = {
  production: new Room(byId("production"), world, "production_group", watch("production")),
  management: new Room(byId("management"), world, "management_group", watch("management")),
};
const phone = new Phone(byId("phone"), world, { onSend: () => {} });

const stage = {
  now: () => now,
  // The phone of whoever's order is spoken of.
  async showFor(customer, text) {
    const named = (order) => new RegExp(`${order.order_no}(?![0-9])`, "i").test(text);
    const found = world.phones.find((each) => each.customer === customer || each.orders.some(named));
    if (found) await phone.open(found.customer, "", found.orders.find(named)?.page);
  },
  async showChat(id, sender) {
    const chat = world.chats.find((each) => each.chat === id);
    if (chat && world.isCustomers(chat)) {
      const owner = chat.members.find((each) => world.people[each]?.role === "customer");
      await phone.open(owner ?? sender, "chat", phone.page);
      lookAt("phone");
      return phone.chat;
    }
    const pane = chat?.kind === "management_group" ? "management" : "production";
    await rooms[pane].open(id, sender);
    lookAt(pane);
    return rooms[pane].chat;
  },
  turn,
};

// ---- the clock
function showClock(answer) {
  now = answer.now;
  byId("clock").textContent = answer.shown;
}

async function turn(body) {
  const all = document.querySelectorAll(".clock button");
  all.forEach((button) => { button.disabled = true; });
  hint(say("turning"), 60000);
  try {
    const answer = await post("/api/sandbox/clock", body);
    showClock(answer);
    await refresh();
    hint(say("turned", { time: answer.shown }));
  } catch (error) {
    hint(error.message);
  } finally {
    all.forEach((button) => { button.disabled = false; });
  }
}

function morning() {
  const [day, rest] = [now.slice(0, 10), now.slice(19).replace(/^\.\d+/, "")];
  const date = new Date(`${day}T00:00:00Z`);
  if (now.slice(11, 16) >= "08:30") date.setUTCDate(date.getUTCDate() + 1);
  return `${date.toISOString().slice(0, 10)}T08:30:00${rest}`;
}

document.querySelectorAll("[data-advance]").forEach((button) => {
  button.addEventListener("click", () => turn({ advance: button.dataset.advance }));
});
document.querySelector("[data-morning]").addEventListener("click", () => turn({ to: morning() }));

byId("reset").addEventListener("click", () => byId("sure").showModal());
byId("sure").addEventListener("close", async () => {
  if (byId("sure").returnValue !== "yes") return;
  hint(say("resetting"), 60000);
  try {
    await post("/api/sandbox/reset", {});
    Story.forget();
    location.reload();
  } catch (error) {
    hint(error.message);
  }
});

// ---- what changed
const chats = () => [rooms.production.chat, rooms.management.chat, phone.chat];

async function refresh(id = "") {
  const open = chats().filter((chat) => !id || chat.chat === id);
  if (id && !open.length) markElsewhere(id);
  await Promise.all([...open.map((chat) => chat.load()), phone.refresh()]);
}

function markElsewhere(id) {
  rooms.production.mark(id);
  rooms.management.mark(id);
}

function listen() {
  const feed = new EventSource("/api/sandbox/events");
  let lost = false;
  feed.addEventListener("chat", (event) => refresh(event.data).catch(() => {}));
  feed.addEventListener("board", async () => {
    await phone.refresh();
    showClock(await get("/api/sandbox/clock"));
  });
  feed.addEventListener("beat", () => {
    if (lost) refresh().catch(() => {});
    lost = false;
    document.body.classList.remove("offline");
  });
  feed.addEventListener("error", () => {
    lost = true;
    document.body.classList.add("offline");
    hint(say("offline"), 30000);
  });
  addEventListener("pagehide", () => feed.close());
}

// ---- tabs on a narrow screen
const tabs = [...byId("tabs").children];

function lookAt(pane) {
  panes.dataset.shown = pane;
  for (const tab of tabs) {
    const here = tab.dataset.pane === pane;
    tab.setAttribute("aria-pressed", here);
    if (here) tab.classList.remove("news");
  }
}

function notice(pane) {
  const tab = tabs.find((each) => each.dataset.pane === pane);
  if (panes.dataset.shown !== pane) tab.classList.add("news");
}

tabs.forEach((tab) => tab.addEventListener("click", () => {
  lookAt(tab.dataset.pane);
  chats().forEach((chat) => chat.bottom());
}));

byId("viewer").addEventListener("click", () => byId("viewer").close());
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

async function start() {
  await lookAround(world);
  showClock(await get("/api/sandbox/clock"));
  await Promise.all([rooms.production.start(), rooms.management.start(), phone.start()]);
  await new Story(stage).start();
  lookAt("production");
  listen();
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  panes.prepend(element("p", { class: "empty", text: error.message }));
});
