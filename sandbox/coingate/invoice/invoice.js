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

// Amount and address can be copied.
const template = document.querySelector("template[data-copy-button]");
for (const source of document.querySelectorAll("[data-copy]")) {
  const button = template.content.firstElementChild.cloneNode(true);
  const said = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = template.dataset.copied;
      setTimeout(() => (button.textContent = said), 2000);
    } catch {
      getSelection().selectAllChildren(source); // the browser does not let us; then by hand
    }
  });
  source.closest("dd").append(button);
}

// Time runs here every second, and is set right by the company's clock.
const countdown = document.querySelector("[data-left]");
let end = countdown ? performance.now() + countdown.dataset.left * 1000 : 0;
const tick = () => {
  const left = Math.max(0, Math.round((end - performance.now()) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  const clock = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  countdown.querySelector("[data-clock]").textContent = clock;
  countdown.querySelector("progress").value = left;
  countdown.toggleAttribute("data-hurry", left < 180);
};
if (countdown) {
  tick();
  setInterval(tick, 1000);
}

// Money comes, or the clock is moved: the page notices.
const watched = document.querySelector("[data-watch]");
if (watched) {
  const ask = async () => {
    try {
      const now = await (await fetch(watched.dataset.watch)).json();
      if (now.state !== watched.dataset.state) return location.replace(watched.dataset.done);
      end = performance.now() + now.left * 1000;
      if (countdown) tick();
    } catch {
      // The next look may succeed.
    }
    setTimeout(ask, 1500);
  };
  setTimeout(ask, 1500);
}
