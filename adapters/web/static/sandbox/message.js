// One message of a chat as the page draws it. Text is only ever set as text.
import { element, enlarge, say } from "./wire.js";

const ADDRESS = /(https?:\/\/[^\s<>"']+|(?<![\w/])\/[pts]\/[A-Za-z0-9_-]{16,})/g;

export function clockOf(at) {
  return at ? at.slice(11, 16) : "";
}

function linked(text, onLink) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(/[.,;:!?。，；：！？）)]+$/, "");
    parts.push(text.slice(from, found.index));
    parts.push(link(address, onLink));
    from = found.index + address.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function link(address, onLink) {
  const href = new URL(address, location.href);
  if (href.pathname.startsWith("/p/")) href.host = location.host;
  const made = element("a", { href: href.href, target: "_blank", rel: "noopener" });
  made.textContent = say("open_link");
  made.title = address;
  made.addEventListener("click", (event) => {
    if (onLink?.(href)) event.preventDefault();
  });
  return made;
}

export function tint(id) {
  let sum = 0;
  for (const sign of id) sum = (sum * 31 + sign.codePointAt(0)) % 6;
  return `tint-${sum}`;
}

function face(message, name) {
  const bot = message.from === "bot";
  const bare = name.replace(/[(（].*$/, "");
  const short = bot ? name.slice(-1) : /^[\x20-\x7e]+$/.test(bare) ? bare.slice(0, 1) : bare.slice(-2);
  return element("span", { class: `face ${bot ? "bot" : tint(message.from)}`, "aria-hidden": "true", text: short });
}

function quoted(message, chat) {
  const original = message.reply_to && chat.messages.get(message.reply_to);
  if (!original) return null;
  const name = chat.nameOf(original.from);
  const text = original.text || (original.photos.length ? "🖼" : "");
  return element("blockquote", { text: `${name}: ${text.split("\n")[0].slice(0, 60)}` });
}

function photos(message, name) {
  if (!message.photos.length) return null;
  const alt = say("photo_alt", { name });
  const shown = message.photos.map((address) =>
    element(
      "button",
      { type: "button", class: "photo", title: say("large"), onclick: () => enlarge(address, alt) },
      element("img", { src: address, alt, loading: "lazy" }),
    ),
  );
  return element("div", { class: "photos" }, ...shown);
}

function picture(message, chat) {
  if (!message.image) return null;
  const alt = say("picture_alt");
  const image = element("img", { src: message.image, alt, loading: "lazy", onload: () => chat.settle() });
  return element(
    "button",
    { type: "button", class: "picture", title: say("large"), onclick: () => enlarge(message.image, alt) },
    image,
  );
}

function buttons(message, chat) {
  if (!message.buttons.length) return null;
  const made = message.buttons.map((button) =>
    element("button", {
      type: "button", class: button.style || null, "data-button": button.id, text: button.label,
      onclick: () => chat.press(message, button.id),
    }),
  );
  return element("div", { class: "buttons" }, ...made);
}

function menu(message, chat) {
  const own = message.from === chat.sender && !message.recalled;
  const items = [["reply", () => chat.startReply(message)]];
  if (own && message.text) items.push(["edit", () => chat.startEdit(message)]);
  if (own) items.push(["recall", () => chat.recall(message)]);
  const made = items.map(([word, act]) =>
    element("button", { type: "button", "data-do": word, text: say(word), onclick: (event) => {
      event.target.closest("details").open = false;
      act();
    } }),
  );
  return element(
    "details",
    { class: "menu" },
    element("summary", { "aria-label": say("menu"), text: "⋯" }),
    element("div", {}, ...made),
  );
}

// Long texts show their beginning; one click shows all.
function fold(text, chat) {
  text.classList.add("folded");
  return element("button", { type: "button", class: "unfold", text: say("unfold"), onclick: (event) => {
    text.classList.remove("folded");
    event.target.remove();
    chat.settle();
  } });
}

export function draw(message, chat) {
  const bot = message.from === "bot";
  const name = chat.nameOf(message.from);
  const mine = message.from === chat.sender;
  const item = element("li", {
    class: ["msg", bot ? `bot kind-${message.kind ?? "notice"}` : "", mine ? "mine" : ""].join(" "),
    "data-id": message.message_id,
    "data-from": message.from,
  });
  if (message.recalled) {
    item.className = "msg gone";
    item.append(element("p", { text: say("recalled", { name }) }));
    return item;
  }
  const kind = bot && message.kind ? element("em", { class: "kind", text: say(`kind_${message.kind}`) }) : null;
  const head = element("p", { class: "from" }, element("b", { text: name }), " ", kind, " ", element("time", { text: clockOf(message.at) }));
  const text = element("p", { class: "text" }, ...linked(message.text ?? "", chat.onLink));
  if (message.link && !(message.text ?? "").includes(message.link)) text.append(" ", link(message.link, chat.onLink));
  const long = (message.text ?? "").split("\n").length > (message.image ? 4 : 14);
  const bubble = element("div", { class: "bubble" }, quoted(message, chat), picture(message, chat));
  if (text.textContent) bubble.append(text);
  if (text.textContent && long) bubble.append(fold(text, chat));
  const rest = [photos(message, name), buttons(message, chat)].filter(Boolean);
  bubble.append(...rest);
  if (message.edited && !bot) bubble.append(element("small", { class: "edited", text: say("edited") }));
  const marks = message.reactions.length
    ? element("p", { class: "marks", title: say("recorded") }, element("span", { text: message.reactions.join(" ") }))
    : null;
  const body = element("div", { class: "body" }, head, bubble);
  if (marks) body.append(marks);
  item.append(face(message, name), body, menu(message, chat));
  return item;
}
