// What lies over the chat for a moment: toasts, alerts, the photo in full.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);
let hiding = 0;

export function toast(text) {
  const element = $("toast");
  element.textContent = text;
  element.hidden = false;
  element.classList.remove("shown");
  void element.offsetWidth; // starts the animation anew
  element.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), Math.max(2500, text.length * 60));
}

export function alert(title, text) {
  $("alert-title").textContent = title;
  $("alert-text").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

export function showPhoto(photo, caption) {
  const image = $("lightbox-image");
  image.src = photo.url;
  image.alt = caption || word("photo");
  image.width = photo.width;
  image.height = photo.height;
  $("lightbox").showModal();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyOldWay(text); // no clipboard without https, or a window that is not in focus
  }
  toast(word("copied"));
}

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "offscreen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A click beside what a dialog shows closes it. */
export function closeOnBackdrop(...dialogs) {
  for (const dialog of dialogs) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}
