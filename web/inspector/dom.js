// Making elements. Text only ever becomes text: nothing here parses HTML.

/** `h('p.note', { title: 'x', onclick: f }, 'text', child, …)`; what is null, undefined or false is left out. */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split('.');
  return filled(document.createElement(tag), classes, rest);
}

export function svg(selector, ...rest) {
  const [tag, ...classes] = selector.split('.');
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), classes, rest);
}

function filled(element, classes, rest) {
  if (classes.length > 0) element.setAttribute('class', classes.join(' '));
  const [first] = rest;
  if (first && typeof first === 'object' && !(first instanceof Node) && !Array.isArray(first)) {
    rest.shift();
    for (const [name, value] of Object.entries(first)) set(element, name, value);
  }
  element.append(...rest.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name === 'value') element.value = value;
  else element.setAttribute(name, value === true ? '' : value);
}

/** Replaces what is in `parent`, but only if the text or the shape differs: what is selected or focused stays. */
export function show(parent, ...children) {
  const made = h('div', ...children);
  if (parent.shown === made.innerHTML) return false;
  parent.shown = made.innerHTML;
  parent.replaceChildren(...made.childNodes);
  return true;
}

let lastId = 0;
export const newId = (of) => `${of}-${++lastId}`;
