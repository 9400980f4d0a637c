// Small tools for building elements.

export const $ = (id) => document.getElementById(id);

/** `make("div.row", { testid: "row", title: "…" }, child, "text")` */
export function make(description, attributes = {}, ...children) {
  const [tag, ...classes] = description.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "testid") element.dataset.testid = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/sandbox/telegram/assets/icons.svg#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Make the children of `parent` exactly `nodes`, moving as little as possible: focus and animations stay. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] || null);
  });
}

export function initials(person) {
  const letters = [person.first_name, person.last_name].filter(Boolean).map((name) => [...name][0]);
  return letters.join("").toUpperCase();
}

export function paintAvatar(element, person) {
  element.textContent = initials(person);
  element.dataset.hue = person.id % 7;
}
