// Photos in a gallery: a tap opens them over the page, arrows and swipes turn them. Without this
// script each opens by itself.
const shots = document.querySelector(".shots");
const links = [...shots.querySelectorAll("[data-shot] a")];
const dialog = document.createElement("dialog");
let at = 0;

function part(name, label, sign, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = name;
  button.setAttribute("aria-label", label);
  button.textContent = sign;
  button.addEventListener("click", act);
  return button;
}

const picture = document.createElement("img");
const caption = document.createElement("p");
const before = part("before", shots.dataset.before, "‹", () => show(at - 1));
const after = part("after", shots.dataset.after, "›", () => show(at + 1));
const close = part("close", shots.dataset.close, "×", () => dialog.close());
dialog.className = "gallery";
dialog.append(picture, caption, before, after, close);

function show(number) {
  at = Math.max(0, Math.min(links.length - 1, number));
  const small = links[at].querySelector("img");
  picture.src = links[at].href;
  picture.alt = small.alt;
  caption.textContent = `${links[at].closest("figure").querySelector("figcaption").textContent} · ${at + 1}/${links.length}`;
  before.disabled = at === 0;
  after.disabled = at === links.length - 1;
}

if (typeof dialog.showModal === "function") {
  document.body.append(dialog);
  links.forEach((link, number) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(number);
      dialog.showModal();
    }),
  );
  dialog.addEventListener("close", () => links[at].focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
  let from = 0;
  dialog.addEventListener("touchstart", (event) => (from = event.touches[0].clientX), { passive: true });
  dialog.addEventListener("touchend", (event) => {
    const moved = event.changedTouches[0].clientX - from;
    if (Math.abs(moved) > 40) show(at + (moved < 0 ? 1 : -1));
  });
}
