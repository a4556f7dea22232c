/** The head of the page, and which part of it is shown. */
import { $, clock, element, timeOf } from './dom.js';

/** For how long a renewal is news, in ms. */
const NEWS = 4_000;

/** What runs out: a session, or the time to log in. In ms by this browser's own clock. */
let term;

/**
 * @param {'out' | 'busy' | 'in' | 'renewing' | 'trouble'} state the colour
 * @param {string | (string | Node)[]} status
 */
export function show(state, status, until = '') {
  document.body.dataset.state = state;
  const shown = element('span', status);
  // Only if it is another one: screen readers speak it at every change.
  if ($('status').textContent !== shown.textContent) $('status').replaceChildren(...shown.childNodes);
  $('until').textContent = until;
  tick();
}

/** @param {{ life: number, isRenewal?: boolean, isVisit?: boolean }} [next] `life` in ms from now */
export function setTerm(next) {
  term = next && { ...next, end: Date.now() + next.life };
  tick();
}

function tick() {
  const left = term ? Math.max(0, term.end - Date.now()) : 0;
  $('life').style.scale = `${term ? left / term.life : 0} 1`;
  if (term?.isVisit) $('until').textContent = `No message reaches you. ${clock(left)} left to log in`;
  else if (term && document.body.dataset.state === 'in') {
    const isNews = term.isRenewal && term.life - left < NEWS;
    $('until').textContent =
      `${isNews ? 'Renewed' : `Until ${timeOf(term.end, 'medium')}`}, ${clock(left)} left`;
  }
}
setInterval(tick, 250);

export function showRoom(leaveLabel) {
  $('notice').hidden = $('door').hidden = true;
  $('room').hidden = $('leave').hidden = false;
  $('leave').textContent = leaveLabel;
}

/** Back to the door, with the reason. */
export function showDoor(reason, { code, reason: detail } = {}) {
  setTerm(undefined);
  $('room').hidden = $('leave').hidden = true;
  $('door').hidden = false;
  show('out', 'Chat', 'A chat behind a login');
  showNotice(reason, { code, reason: detail });
  $('name').focus();
}

/** @param {{ code?: string, reason?: string }} [refusal] */
export function showNotice(words, { code, reason } = {}) {
  $('notice').replaceChildren(words);
  $('notice').className = code ? 'bad' : '';
  if (code) $('notice').append(element('code', [code, reason].filter(Boolean).join(': ')));
  $('notice').hidden = false;
}

export function hideNotice() {
  $('notice').hidden = true;
}

/** @param {string} why nothing can be sent; empty if something can */
export function showSending(why) {
  $('send').disabled = why !== '';
  if ($('why-not').textContent !== why) $('why-not').textContent = why;
}
