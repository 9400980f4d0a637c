// Small comforts; the page works without them.

// A form is sent once, however often the button is pressed.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
// Back from the browser's cache: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

// Digits in groups of four; the list of test cards fills the field.
const number = document.querySelector("input[name=number]:not([type=hidden])");
const cards = document.querySelector("select[data-fills=number]");
const explain = () => {
  const effect = document.querySelector("small[data-effect]");
  effect.textContent = cards.selectedOptions[0]?.dataset.effect ?? "";
};
if (number) {
  number.addEventListener("input", () => {
    const digits = number.value.replace(/\D/g, "").slice(0, 19);
    number.value = digits.replace(/(.{4})(?=.)/g, "$1 ");
    if (!cards) return;
    cards.value = number.value;
    explain();
  });
}
if (number && cards) {
  cards.addEventListener("change", () => {
    number.value = cards.value;
    explain();
  });
}

// The payment may be made elsewhere: by a phone, or by a clock.
const watched = document.querySelector("[data-watch]");
if (watched) {
  const left = document.querySelector("[data-left]");
  const ask = async () => {
    try {
      const state = await (await fetch(watched.dataset.watch)).json();
      if (state.status !== "pending") return location.replace(watched.dataset.done);
      if (left && state.left) left.textContent = state.left;
    } catch {
      // The next look may succeed.
    }
    setTimeout(ask, 1500);
  };
  setTimeout(ask, 1500);
}
