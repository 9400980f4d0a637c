// Watches one payment and shows the page anew when its state changes.
const shown = document.querySelector("[data-state]").dataset.state;
const address = location.pathname.replace(/\/$/, "") + "/state";

async function look() {
  try {
    const answer = await fetch(address, { cache: "no-store" });
    if (answer.ok && (await answer.json()).state !== shown) {
      location.reload();
      return;
    }
  } catch {
    // offline for a moment: look again
  }
  setTimeout(look, document.hidden ? 5000 : 1500);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
setTimeout(look, 1000);
