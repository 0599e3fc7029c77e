// The sandbox's API and its words: everything that talks to the server.
export const config = JSON.parse(document.getElementById("config").textContent);

export function say(key, facts = {}) {
  const text = config.words[key] ?? config.words[`sandbox.${key}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

export const has = (key) => key in config.words;

// The server is away: what is shown stays, and the feed brings the rest when it is back.
export class Away extends Error {}

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Away) event.preventDefault();
});

export async function reach(path, init) {
  try {
    return await fetch(path, init);
  } catch {
    throw new Away(say("failed"));
  }
}

async function answer(response) {
  if (response.ok) return response.json();
  let message = say("failed");
  try {
    message = (await response.json()).error.message;
  } catch {
    // no sentence came with it
  }
  throw new Error(message);
}

export async function get(path) {
  return answer(await reach(`${path}${path.includes("?") ? "&" : "?"}lang=${config.language}`));
}

export async function post(path, body) {
  const form = body instanceof FormData;
  const init = { method: "POST", body: form ? body : JSON.stringify(body) };
  if (!form) init.headers = { "Content-Type": "application/json" };
  return answer(await reach(`${path}?lang=${config.language}`, init));
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

let fading;
export function hint(text, stays = 6000) {
  const place = document.getElementById("hint");
  place.textContent = text;
  place.classList.toggle("shown", Boolean(text));
  clearTimeout(fading);
  if (text) fading = setTimeout(() => place.classList.remove("shown"), stays);
}

export function enlarge(address, alt) {
  const viewer = document.getElementById("viewer");
  const picture = viewer.querySelector("img");
  picture.src = address;
  picture.alt = alt ?? "";
  viewer.showModal();
}
