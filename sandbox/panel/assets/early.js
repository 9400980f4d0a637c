// Runs before the first paint: the theme chosen in the chat holds here, too.
const chosen = localStorage.getItem("telegram.theme");
if (chosen) document.documentElement.dataset.theme = chosen;
