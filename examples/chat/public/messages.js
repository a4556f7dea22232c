/** The messages of the chat. */
import { $, element, nameOf, timeOf } from './dom.js';
import { followEnd } from './scroll.js';

/** Messages that are kept. */
const MAX_MESSAGES = 200;
const list = $('messages').firstElementChild;
const scroll = followEnd($('messages'), (hasMissed) => {
  $('missed').hidden = !hasMissed;
});

$('missed').addEventListener('click', () => {
  scroll.toEnd();
  $('messages').focus();
});

export function addMessage({ name, text, at }, isMine) {
  const item = element('li', [], isMine ? 'mine' : '');
  const words = element('p', text);
  words.dir = 'auto';
  item.append(element('b', nameOf(name)), ' ', element('time', timeOf(at, 'short')), words);
  list.append(item);
  while (list.childElementCount > MAX_MESSAGES) list.firstChild.remove();
  if (isMine) scroll.toEnd();
  else scroll.onAdded();
}

export function clearMessages() {
  list.replaceChildren();
  scroll.toEnd();
}
