/** Small helpers for what is seen. Text is always set as text, so no markup in it counts. */

export const $ = (id) => document.getElementById(id);

/** @param {string | (string | Node)[]} content */
export function element(tag, content = [], className = '') {
  const made = Object.assign(document.createElement(tag), { className });
  made.append(...[content].flat());
  return made;
}

/** A name may be in any script; `<bdi>` keeps its direction from turning what stands around it. */
export function nameOf(text) {
  return element('bdi', text);
}

/** `1:05` */
export function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function timeOf(ms, timeStyle) {
  return new Date(ms).toLocaleTimeString([], { timeStyle });
}
