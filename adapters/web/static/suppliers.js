// Copies a supplier's own address. Without scripts the address can be opened and copied by hand.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const address = new URL(button.dataset.link, location.href).href;
    const label = button.innerHTML;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = `✓ ${button.dataset.done}`;
      setTimeout(() => { button.innerHTML = label; }, 2000);
    } catch {
      prompt("", address);
    }
  });
}
