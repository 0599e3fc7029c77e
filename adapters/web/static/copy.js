// A button beside a link copies it; without this script the link can be marked by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.querySelector(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages without https, and older in-app browsers
    }
    button.textContent = button.dataset.done;
  });
}
