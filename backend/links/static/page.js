"use strict";

// Copy buttons are hidden in the page itself: without this script they could do nothing.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await copy(source);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 2000);
  });
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch {
    // Old browsers, and pages that did not come over https: select the text and copy the selection.
    const selection = getSelection();
    selection.selectAllChildren(source);
    document.execCommand("copy");
    selection.removeAllRanges();
  }
}

// An iPad introduces itself as a Macintosh; only its touch screen gives it away.
const apple = document.getElementById("system-ios");
if (apple && navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1) {
  apple.checked = true;
}

// One try to open the app by itself; the button stays for browsers that want a tap.
const go = document.getElementById("go");
if (go) {
  setTimeout(() => location.assign(go.href), 300);
}
