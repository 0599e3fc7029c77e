// Reports that outlive the network: each press is written into the browser's own store first, then
// sent in the order of pressing, once. Without this script the page is a plain form.
const main = document.getElementById("ticket");
const report = document.getElementById("report");
const words = JSON.parse(main.dataset.words);
const say = (key, facts = {}) =>
  (words[`terminal.${key}`] ?? "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
const RETRY = [2000, 5000, 15000, 30000, 60000];
let tries = 0;
let timer = 0;

document.body.classList.add("js");

function opened() {
  return new Promise((resolve, reject) => {
    const asking = indexedDB.open("vitrine", 1);
    asking.onupgradeneeded = () => asking.result.createObjectStore("queue", { keyPath: "id", autoIncrement: true });
    asking.onsuccess = () => resolve(asking.result);
    asking.onerror = () => reject(asking.error);
  });
}

async function store(mode, act) {
  const db = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const work = db.transaction("queue", mode);
      const asked = act(work.objectStore("queue"));
      work.oncomplete = () => resolve(asked.result);
      work.onerror = () => reject(work.error);
      work.onabort = () => reject(work.error);
    });
  } finally {
    db.close();
  }
}

const waiting = () => store("readonly", (queue) => queue.getAll());
const keep = (entry) => store("readwrite", (queue) => queue.add(entry));
const change = (entry) => store("readwrite", (queue) => queue.put(entry));
const drop = (id) => store("readwrite", (queue) => queue.delete(id));

function name() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return [...parts].map((n) => n.toString(16).padStart(8, "0")).join("");
}

function tell(text, kind) {
  const line = document.createElement("p");
  line.className = `told ${kind}`;
  line.textContent = text;
  document.getElementById("notice").replaceChildren(line);
  line.scrollIntoView({ block: "nearest" });
}

// What was refused for a reason that a yes would mend stays with its time and photos until somebody
// says so.
function question(entry) {
  const line = document.createElement("p");
  line.className = "told refused";
  line.textContent = `${entry.question} `;
  for (const [word, act] of [["yes", agree], ["no", (given) => drop(given.id)]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = say(word);
    button.addEventListener("click", async () => {
      await act(entry);
      await show();
      await flush();
    });
    line.append(button, " ");
  }
  return line;
}

function agree(entry) {
  const { question: _, ...kept } = entry;
  return change({ ...kept, fields: { ...kept.fields, anyway: "1", press: name() } });
}

async function show() {
  const all = await waiting();
  const left = all.filter((entry) => !entry.question);
  const line = document.getElementById("queue");
  line.hidden = left.length === 0;
  line.textContent = left.length ? say("queued", { n: left.length }) : "";
  document.getElementById("asked").replaceChildren(...all.filter((e) => e.question).map(question));
}

function form(entry) {
  const data = new FormData();
  for (const [key, value] of Object.entries(entry.fields)) data.append(key, value);
  data.append("ago", String(Math.max(0, Math.round((Date.now() - entry.at) / 1000))));
  data.append("who", entry.who);
  for (const photo of entry.photos) data.append("photos", photo.body, photo.name);
  return data;
}

// With the badge that was worn at the press; if that has run out, with a newer one of the same person.
function badges(entry) {
  const mine = entry.who === main.dataset.person && main.dataset.badge !== entry.badge;
  return mine ? [entry.badge, main.dataset.badge] : [entry.badge];
}

async function send(entry) {
  let answer;
  for (const badge of badges(entry)) {
    try {
      answer = await fetch(`${entry.path}/press?lang=${main.dataset.lang}`, {
        method: "POST", body: form(entry), headers: { Accept: "application/json", "X-Badge": badge },
      });
    } catch {
      return "later";
    }
    if (answer.status !== 401) break;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return "later";
  if ([401, 403, 404].includes(answer.status)) return "badge"; // kept: nothing is lost for that
  const told = await answer.json().catch(() => ({}));
  if (["earlier-open", "fewer"].includes(told.code)) {
    await change({ ...entry, question: told.message });
    return "asked";
  }
  await drop(entry.id);
  return { ...told, message: told.message ?? told.error?.message ?? "" };
}

async function empty() {
  let last = null;
  for (const entry of await waiting()) {
    if (entry.question) continue; // waits for a yes or no
    const became = await send(entry);
    if (became === "later") {
      timer = setTimeout(flush, RETRY[Math.min(tries++, RETRY.length - 1)]);
      break;
    }
    if (became === "badge") {
      tell(say("badge", { name: entry.name }), "refused"); // kept for when that person is back
      continue;
    }
    if (became === "asked") continue;
    tries = 0;
    last = { entry, became };
  }
  await show();
  if (last === null) return;
  const here = last.entry.path === main.dataset.path;
  const { state, message, code, photo, press } = last.became;
  const facts = new URLSearchParams({ lang: main.dataset.lang, node: last.entry.fields.node });
  if (state === "kept" && !photo && here) location.replace(`${main.dataset.path}?${facts}&done=kept&press=${press}#notice`);
  else if (state === "kept" || state === "repeated") tell(photo || say(`done_${state}`), photo ? "refused" : "kept");
  else tell(message || say("not_kept"), "refused");
}

// One tab at a time; where the browser has no locks, the server knows each press by its name.
function flush() {
  clearTimeout(timer);
  const locks = navigator.locks;
  return locks ? locks.request("vitrine-queue", { ifAvailable: true }, (lock) => lock && empty()) : empty();
}

async function press(event) {
  event.preventDefault();
  const act = event.submitter?.value ?? "complete";
  const data = new FormData(report);
  if (act === "problem" && !data.get("reason")) {
    report.querySelector(".reasons input").focus();
    tell(say("which"), "refused");
    return;
  }
  const fields = { press: name(), act, node: data.get("node"), quantity: data.get("quantity"), anyway: data.get("anyway") ?? "" };
  if (act === "problem") Object.assign(fields, { reason: data.get("reason"), text: data.get("text") });
  if (act === "start" || act === "resume") fields.quantity = "";
  const photos = data.getAll("photos").filter((file) => file.size).map((file) => ({ body: file, name: file.name }));
  event.submitter.disabled = true;
  try {
    await keep({ at: Date.now(), path: main.dataset.path, badge: main.dataset.badge, who: main.dataset.person, name: main.dataset.name, fields, photos });
  } catch {
    plainly(act); // this browser keeps nothing, or is full: send the form as it stands
    return;
  }
  report.reset();
  count();
  await show();
  event.submitter.disabled = false;
  tell(navigator.onLine ? say("sending") : say("offline"), "waiting");
  await flush();
}

function plainly(act) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "act";
  field.value = act;
  report.append(field);
  report.submit();
}

function count() {
  const files = document.getElementById("photos").files;
  document.getElementById("shots").textContent = files.length ? `(${files.length})` : "";
}

// A copy of the page that was kept for times without a network may carry another worker's name:
// the newest page that came from the server says who holds the phone.
const holder = JSON.parse(localStorage.getItem("vitrine-holder") ?? "null");
const made = Number(main.dataset.made);
if (!holder || made >= holder.made) {
  localStorage.setItem("vitrine-holder", JSON.stringify({ made, person: main.dataset.person }));
} else if (report && holder.person !== main.dataset.person) {
  report.hidden = true;
  tell(say("other_holder"), "refused");
}

function reach() {
  for (const part of document.querySelectorAll(".undo, .who .button")) part.hidden = !navigator.onLine;
}

if (report) {
  report.addEventListener("submit", press);
  document.getElementById("photos").addEventListener("change", count);
  for (const button of report.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById("quantity");
      const stands = report.querySelector("[name=node]:checked")?.dataset.quantity ?? 0;
      const now = Number(field.value || stands) + Number(button.dataset.step);
      field.value = String(Math.max(0, Math.min(now, Number(field.placeholder))));
    });
  }
}
addEventListener("online", flush);
addEventListener("online", reach);
addEventListener("offline", reach);
reach();
addEventListener("pageshow", flush);
if ("serviceWorker" in navigator) {
  for (const scope of ["/t/", "/T/"]) navigator.serviceWorker.register("/ticket-worker.js", { scope }).catch(() => {});
}
show().catch(() => {});
flush()?.catch?.(() => {});
