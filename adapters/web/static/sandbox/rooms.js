// The panes: group chats with the person one speaks as, and the customer's phone.
import { Chat } from "./chat.js";
import { element, get, reach, say } from "./wire.js";

export class Room {
  constructor(place, world, kind, handlers) {
    this.place = place;
    this.world = world;
    this.kind = kind;
    this.rooms = element("select", { "aria-label": say(kind === "production_group" ? "production" : "management") });
    this.people = element("select", { "aria-label": say("i_am") });
    const who = element("label", {}, `${say("i_am")} `, this.people);
    place.append(element("header", { class: "head" }, this.rooms, who));
    this.chat = new Chat(place, world, handlers);
    if (kind === "production_group") this.chat.emptyHint = say("empty_production");
    this.rooms.addEventListener("change", () => this.open(this.rooms.value));
    this.people.addEventListener("change", () => this.chat.open(this.chat.chat, this.people.value));
  }

  list() {
    const staff = this.world.chats.filter((chat) => !this.world.isCustomers(chat));
    const order = (chat) => (chat.kind === this.kind ? 0 : chat.kind.endsWith("_group") ? 1 : 2);
    return [...staff].sort((a, b) => order(a) - order(b));
  }

  async start() {
    const chats = this.list();
    const option = (chat) => element("option", { value: chat.chat, text: this.titled(chat) });
    this.rooms.replaceChildren(...chats.map(option));
    if (chats.length) await this.open(chats[0].chat);
  }

  titled(chat) {
    if (chat.kind === "private") {
      const name = this.world.people[chat.members[0]]?.name ?? chat.title;
      return say("private", { name });
    }
    return chat.title || say(this.kind === "production_group" ? "production" : "management");
  }

  async open(id, sender = "") {
    const chat = this.world.chats.find((each) => each.chat === id);
    if (!chat) return;
    this.rooms.value = id;
    this.unmark(id);
    const role = this.kind === "management_group" ? "manager" : "operator";
    const members = chat.members.filter((each) => this.world.people[each]);
    this.people.replaceChildren(...members.map((each) => {
      const person = this.world.people[each];
      return element("option", { value: each, text: [person.name, person.title].filter(Boolean).join(" ") });
    }));
    const kept = members.includes(this.chat.sender) ? this.chat.sender : "";
    const me = sender || kept || members.find((each) => this.world.people[each].role === role) || members[0] || "";
    if (me && !members.includes(me)) this.people.append(element("option", { value: me, text: this.chat.nameOf(me) }));
    this.people.value = me;
    await this.chat.open(id, me);
  }

  mark(id) {
    for (const option of this.rooms.options) {
      if (option.value === id && !option.text.startsWith("● ")) option.text = `● ${option.text}`;
    }
  }

  unmark(id) {
    for (const option of this.rooms.options) {
      if (option.value === id) option.text = option.text.replace(/^● /, "");
    }
  }
}

export class Phone {
  constructor(place, world, handlers) {
    this.place = place;
    this.world = world;
    this.whose = element("select", { "aria-label": say("whose") });
    place.append(element("header", { class: "head" }, element("label", {}, element("span", { class: "hidden", text: say("whose") }), this.whose)));
    this.frame = element("div", { class: "device" });
    this.tabs = element("div", { class: "switch", role: "group" });
    for (const view of ["page", "chat"]) {
      this.tabs.append(element("button", { type: "button", "data-view": view, text: say(`${view}_tab`), onclick: () => this.show(view) }));
    }
    this.orders = element("div", { class: "orders" });
    this.sheet = element("iframe", { class: "sheet", title: say("page_tab") });
    this.talk = element("div", { class: "talk" });
    this.banner = element("button", { type: "button", class: "banner", hidden: true, onclick: () => this.show("chat") });
    this.frame.append(this.tabs, this.banner, this.orders, this.sheet, this.talk);
    place.append(this.frame);
    this.chat = new Chat(this.talk, world, {
      ...handlers,
      onLink: (address) => this.follow(address),
      onNews: (fresh) => this.heard(fresh),
    });
    this.chat.emptyHint = say("empty_phone");
    this.whose.addEventListener("change", () => this.open(this.whose.value));
    this.show("page");
  }

  async start(customer = "") {
    this.whose.replaceChildren(...this.world.phones.map((each) =>
      element("option", { value: each.customer, text: this.chat.nameOf(each.customer) }),
    ));
    const busy = this.world.phones.find((each) => each.orders.some((order) => order.order_no === "A102"));
    const first = customer || busy?.customer || this.world.phones[0]?.customer;
    if (first) await this.open(first);
    else {
      this.frame.dataset.empty = say("no_customers");
      this.tabs.hidden = this.sheet.hidden = true;
      this.whose.hidden = true;
    }
  }

  async open(customer, view = "", page = "") {
    const phone = this.world.phones.find((each) => each.customer === customer);
    if (!phone) return;
    this.customer = customer;
    this.whose.value = customer;
    this.banner.hidden = true;
    this.listOrders(phone, page);
    await this.chat.open(phone.chat, customer);
    this.show(view || this.view);
  }

  listOrders(phone, page) {
    this.orders.replaceChildren(...phone.orders.map((order) =>
      element("button", { type: "button", "data-page": order.page, text: order.order_no, title: order.product, onclick: () => this.showPage(order.page) }),
    ));
    this.orders.hidden = phone.orders.length < 2;
    const shown = phone.orders.find((order) => order.page === page) ?? phone.orders[0];
    if (shown) this.showPage(shown.page);
    else this.sheet.removeAttribute("src");
    this.sheet.hidden = !phone.orders.length;
    this.frame.dataset.empty = phone.orders.length ? "" : say("no_orders");
  }

  showPage(page) {
    this.page = page;
    for (const button of this.orders.children) button.setAttribute("aria-pressed", button.dataset.page === page);
    const wanted = new URL(`${page}?embed=1`, location.href).href;
    if (this.sheet.src !== wanted) this.sheet.src = wanted;
  }

  show(view) {
    this.view = view;
    this.frame.dataset.view = view;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", button.dataset.view === view);
    if (view === "chat") {
      this.banner.hidden = true;
      this.chat.bottom();
    }
  }

  follow(address) {
    const page = this.world.phones.flatMap((each) => each.orders).find((order) => order.page === address.pathname);
    if (!page) return false;
    this.showPage(page.page);
    this.show("page");
    return true;
  }

  heard(fresh) {
    const news = fresh.filter((message) => message.from === "bot" && message.text).at(-1);
    if (!news || this.view === "chat") return;
    this.banner.replaceChildren(element("b", { text: say("pushed") }), element("span", { text: news.text }));
    this.banner.hidden = false;
    this.banner.classList.remove("glow");
    void this.banner.offsetWidth;
    this.banner.classList.add("glow");
  }

  // Put the page's new content in the old one's place, so that nothing flashes or scrolls away.
  async refresh() {
    const inside = this.sheet.contentDocument;
    if (!this.page || !inside?.querySelector("main")) return;
    const page = this.page;
    const answer = await reach(`${page}?embed=1`);
    if (!answer.ok || page !== this.page) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const old = inside.querySelector("main");
    if (!fresh || old.querySelector("details[open]")) return;
    const before = new Map([...old.children].map((part) => [part.className, part.textContent.trim()]));
    if (old.innerHTML.trim() === fresh.innerHTML.trim()) return;
    old.replaceWith(inside.importNode(fresh, true));
    for (const part of inside.querySelector("main").children) {
      const changed = before.has(part.className) && before.get(part.className) !== part.textContent.trim();
      if (changed && !part.classList.contains("pulse")) part.classList.add("glow");
    }
  }
}

export async function lookAround(world) {
  const [chats, phones] = await Promise.all([get("/api/sandbox/chats"), get("/api/sandbox/phones")]);
  world.chats = chats;
  world.people = phones.people;
  world.phones = phones.phones;
  world.isCustomers = (chat) =>
    chat.kind === "customer_group" || chat.members.some((id) => world.people[id]?.role === "customer");
  return world;
}
