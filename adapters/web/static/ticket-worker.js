// Opens tickets that were open before when there is no network. `KEPT` stands above: our own files.
const CACHE = `tickets ${KEPT.join(" ")}`;
const PATIENCE = 4000;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n)));
  event.waitUntil(caches.keys().then(old).then(() => clients.claim()));
});

// What is kept is the page as it stands, never one that says what became of a press.
async function keep(cache, path) {
  const answer = await fetch(path, { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) await cache.put(path, answer);
}

async function ticket(event) {
  const { request } = event;
  const cache = await caches.open(CACHE);
  const known = await cache.match(request, { ignoreSearch: true });
  const asked = fetch(request).then((answer) => {
    const { pathname, searchParams } = new URL(request.url);
    const plain = !searchParams.has("done") && !searchParams.has("told");
    if (answer.ok) event.waitUntil(plain ? cache.put(pathname, answer.clone()) : keep(cache, pathname));
    return answer;
  });
  if (!known) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, known));
  return Promise.race([asked.catch(() => known), late]);
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(ticket(event));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(file(request));
});
