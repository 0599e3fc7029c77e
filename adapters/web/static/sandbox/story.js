// The script: steps that a visitor clicks through, each with a sentence on why it matters.
import { element, get, has, hint, post, reach, say } from "./wire.js";

const DONE = "vitrine.script";
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

export class Story {
  constructor(stage) {
    this.stage = stage;
    this.list = document.getElementById("steps");
    this.why = document.getElementById("why");
    this.next = document.getElementById("next");
    this.done = new Set(JSON.parse(sessionStorage.getItem(DONE) ?? "[]"));
    this.next.addEventListener("click", () => this.run(this.upcoming()));
  }

  async start() {
    this.steps = await get("/api/sandbox/script");
    document.getElementById("script").hidden = !this.steps.length;
    this.list.replaceChildren(...this.steps.map((step, n) =>
      element("li", {}, element("button", { type: "button", "data-step": n, onclick: () => this.run(n) })),
    ));
    this.draw();
  }

  static forget() {
    sessionStorage.removeItem(DONE);
  }

  text(step, what) {
    const key = step[what] ?? "";
    return has(key) ? say(key) : key;
  }

  upcoming() {
    const last = Math.max(-1, ...this.done);
    return last + 1 < this.steps.length ? last + 1 : -1;
  }

  draw(told = -1) {
    const next = this.upcoming();
    [...this.list.children].forEach((item, n) => {
      const mark = this.done.has(n) ? " ✓" : "";
      item.className = this.done.has(n) ? "done" : n === next ? "next" : "";
      item.firstChild.textContent = `${n + 1} ${this.text(this.steps[n], "title")}${mark}`;
      item.firstChild.toggleAttribute("aria-current", n === (told < 0 ? next : told));
      item.firstChild.title = this.text(this.steps[n], "why");
    });
    const shown = told < 0 ? next : told;
    this.why.textContent = shown < 0 ? say("script_done") : this.text(this.steps[shown], "why");
    this.next.hidden = next < 0;
    if (next >= 0) this.next.textContent = say("script_next", { step: `${next + 1} ${this.text(this.steps[next], "title")}` });
    this.list.children[Math.max(shown, 0)]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  async run(number) {
    const step = this.steps[number];
    if (!step || this.busy) return;
    this.busy = this.next.disabled = true;
    this.list.classList.add("busy");
    try {
      this.why.textContent = this.text(step, "why");
      await this.play(step);
      this.done.add(number);
      sessionStorage.setItem(DONE, JSON.stringify([...this.done]));
      this.draw(number);
    } catch (error) {
      hint(error.message);
      this.draw();
    } finally {
      this.busy = this.next.disabled = false;
      this.list.classList.remove("busy");
    }
  }

  async play(step) {
    if (step.turn) await this.turn(step.turn);
    await this.stage.showFor(step.customer, step.text ?? "");
    const chat = step.chat ? await this.stage.showChat(step.chat, step.sender) : null;
    if (chat && (step.text || step.photo)) await this.speak(chat, step);
    if (chat && step.press) await this.press(chat, step);
    if (step.turn_after) {
      await pause(900);
      await this.turn(step.turn_after);
    }
  }

  // A moment that is over already is no reason to stop.
  async turn(to) {
    if (to.startsWith("P")) await this.stage.turn({ advance: to });
    else if (new Date(to) > new Date(this.stage.now())) await this.stage.turn({ to });
  }

  async speak(chat, step) {
    const files = step.photo ? [await this.photo(step.photo)] : [];
    chat.add(files);
    chat.box.value = step.text ?? "";
    chat.grow();
    chat.form.classList.add("scripted");
    await pause(650);
    chat.form.classList.remove("scripted");
    await chat.send();
  }

  async photo(address) {
    const blob = await (await reach(address)).blob();
    return new File([blob], address.split("/").pop(), { type: blob.type });
  }

  async press(chat, step) {
    await chat.load();
    const fits = (button) => [button.id, button.label].includes(step.press) || button.id.startsWith(`${step.press}:`);
    const message = [...chat.messages.values()].reverse().find((each) => each.buttons.some(fits));
    if (!message) return;
    await chat.press(message, message.buttons.find(fits).id);
    await post("/api/sandbox/idle", {});
  }
}
