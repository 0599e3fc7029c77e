// A chat: its messages, who I am in it, and what I write.
import { draw } from "./message.js";
import { element, get, hint, post, say } from "./wire.js";

const CAMERA = '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.800" stroke-linejoin="round"><path d="M3 8h4l2-3h6l2 3h4v11H3z"/><circle cx="12" cy="13" r="3.500"/></svg>';
const MOST = 50 * 1024 * 1024;

export class Chat {
  constructor(place, world, { onNews, onLink, onSend } = {}) {
    Object.assign(this, { place, world, onNews, onLink, onSend });
    this.messages = new Map();
    this.files = [];
    this.chat = "";
    this.sender = "";
    this.loading = Promise.resolve();
    this.build();
  }

  build() {
    this.list = element("ol", { class: "messages", "aria-live": "polite" });
    this.more = element("button", { type: "button", class: "more", hidden: true, text: say("new"), onclick: () => this.bottom() });
    this.box = element("textarea", { rows: 1, placeholder: say("write"), "aria-label": say("write") });
    this.picker = element("input", { type: "file", accept: "image/*,video/*", multiple: true, class: "hidden", tabindex: -1, "aria-label": say("photo") });
    this.picked = element("div", { class: "picked" });
    this.context = element("p", { class: "context", hidden: true });
    const add = element("button", { type: "button", class: "add", "aria-label": say("photo"), title: say("photo"), onclick: () => this.picker.click() });
    add.innerHTML = CAMERA;
    this.go = element("button", { class: "primary", text: say("send") });
    this.form = element("form", { class: "composer", "data-drop": say("photo_drop") }, this.context, this.picked, this.picker, add, this.box, this.go);
    this.place.append(this.list, this.more, this.form);
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
      if (event.key === "Escape") this.drop();
    });
    this.box.addEventListener("input", () => this.grow());
    this.picker.addEventListener("change", () => {
      this.add(this.picker.files);
      this.picker.value = "";
    });
    this.box.addEventListener("paste", (event) => this.add(event.clipboardData.files));
    for (const name of ["dragover", "dragleave", "drop"]) {
      this.place.addEventListener(name, (event) => {
        event.preventDefault();
        this.form.classList.toggle("dropping", name === "dragover");
        if (name === "drop") this.add(event.dataTransfer.files);
      });
    }
    this.list.addEventListener("scroll", () => {
      if (this.atBottom()) this.more.hidden = true;
    });
  }

  nameOf(id) {
    return id === "bot" ? say("bot") : (this.world.people[id]?.name ?? id);
  }

  async open(chat, sender) {
    if (sender) this.sender = sender;
    if (chat !== this.chat) {
      this.chat = chat;
      this.cursor = "";
      this.messages.clear();
      this.list.replaceChildren();
      this.drop();
      await this.load();
    } else if (sender) {
      this.redraw();
    }
  }

  load() {
    this.loading = this.loading.then(() => this.fetch(), () => this.fetch());
    return this.loading;
  }

  async fetch() {
    const chat = this.chat;
    if (!chat) return;
    const first = !this.cursor;
    const after = first ? "" : `?after=${encodeURIComponent(this.cursor)}`;
    const found = await get(`/api/sandbox/chats/${encodeURIComponent(chat)}/messages${after}`);
    if (chat !== this.chat) return;
    this.cursor = found.cursor;
    const low = this.atBottom();
    const fresh = found.messages.filter((message) => this.put(message, !first));
    if (first || low || fresh.some((message) => message.from === this.sender)) this.bottom();
    else if (fresh.length) this.more.hidden = false;
    this.list.dataset.empty = this.messages.size ? "" : this.emptyWord();
    if (!first && found.messages.length) this.onNews?.(fresh, found.messages);
  }

  emptyWord() {
    return `${say("empty")} ${this.emptyHint ?? ""}`;
  }

  put(message, glows) {
    const known = this.messages.has(message.message_id);
    this.messages.set(message.message_id, message);
    const item = draw(message, this);
    if (glows) (item.querySelector(".bubble") ?? item).classList.add("glow");
    const old = known && this.list.querySelector(`[data-id="${CSS.escape(message.message_id)}"]`);
    if (old) old.replaceWith(item);
    else this.list.append(item);
    return !known;
  }

  redraw() {
    const low = this.atBottom();
    this.list.replaceChildren(...[...this.messages.values()].map((message) => draw(message, this)));
    if (low) this.bottom();
  }

  atBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
  }

  settle() {
    if (this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 700) this.bottom();
  }

  bottom() {
    this.list.scrollTop = this.list.scrollHeight;
    this.more.hidden = true;
  }

  grow() {
    this.box.style.height = "auto";
    const height = this.box.scrollHeight;
    if (height) this.box.style.height = `${Math.min(height + 2, 120)}px`;
  }

  add(files) {
    for (const file of files) {
      if (file.size > MOST) hint(say("too_large"));
      else if (this.files.length < 30) this.files.push(file);
    }
    this.showPicked();
  }

  showPicked() {
    this.picked.querySelectorAll("img").forEach((shown) => URL.revokeObjectURL(shown.src));
    this.picked.replaceChildren(...this.files.map((file, n) =>
      element("button", { type: "button", title: say("photo_remove"), "aria-label": say("photo_remove"), onclick: () => {
        this.files.splice(n, 1);
        this.showPicked();
      } }, element("img", { src: URL.createObjectURL(file), alt: file.name })),
    ));
  }

  startReply(message) {
    this.drop();
    this.replyTo = message.message_id;
    this.explain(say("replying", { name: this.nameOf(message.from), text: (message.text || "🖼").slice(0, 40) }));
  }

  startEdit(message) {
    this.drop();
    this.edits = message.message_id;
    this.box.value = message.text;
    this.grow();
    this.explain(say("editing", { text: message.text.slice(0, 40) }));
  }

  explain(text) {
    this.context.replaceChildren(text, " ", element("button", { type: "button", text: say("cancel"), onclick: () => this.drop() }));
    this.context.hidden = false;
    this.box.focus();
  }

  drop() {
    if (this.edits) this.box.value = "";
    this.replyTo = this.edits = "";
    this.context.hidden = true;
    this.grow();
  }

  async send() {
    const text = this.box.value;
    if (!text.trim() && !this.files.length) return;
    this.go.disabled = true;
    const before = new Set(this.messages.values());
    try {
      const { edits, replyTo: reply, files } = this;
      const said = edits
        ? await post("/api/sandbox/edit", { chat: this.chat, sender: this.sender, message_id: edits, text })
        : await this.say(text, files, reply);
      this.box.value = "";
      this.files = [];
      this.showPicked();
      this.drop();
      await this.after(said.message_id, before);
    } catch (error) {
      hint(error.message);
    } finally {
      this.go.disabled = false;
    }
  }

  say(text, files = [], reply = "") {
    const form = new FormData();
    for (const [name, value] of Object.entries({ chat: this.chat, sender: this.sender, text, reply_to: reply })) form.set(name, value);
    for (const file of files) form.append("photos", file, file.name ?? "photo.jpg");
    return post("/api/sandbox/messages", form);
  }

  // What became of a message: recorded, asked about, or quietly left alone.
  async after(messageId, before) {
    await this.load();
    await post("/api/sandbox/idle", {});
    await this.load();
    const changed = [...this.messages.values()].filter((message) => !before.has(message));
    this.onSend?.(this.messages.get(messageId), changed);
  }

  async act(path, body) {
    try {
      await post(path, body);
      await post("/api/sandbox/idle", {});
      await this.load();
    } catch (error) {
      hint(error.message);
    }
  }

  recall(message) {
    return this.act("/api/sandbox/recall", { chat: this.chat, sender: this.sender, message_id: message.message_id });
  }

  press(message, button) {
    return this.act("/api/sandbox/press", { message_id: message.message_id, button, sender: this.sender });
  }
}
