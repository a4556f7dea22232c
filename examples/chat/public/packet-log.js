/** Shows the packets: what passed, what it means, whose token was in it and how long that lasts. */
import { $, clock, element, timeOf } from './dom.js';
import { followEnd } from './scroll.js';
import { meaningOf } from './words.js';

/** Entries that are kept. */
const MAX_ENTRIES = 100;
const ARROWS = { in: '↓', out: '↑' };
const WORDS = { in: 'received', out: 'sent' };
/** Claims that are seconds since the epoch. */
const MOMENTS = new Set(['exp', 'iat', 'nbf']);
const list = $('packets').firstElementChild;
const scroll = followEnd($('packets'));

/** @param {import('./packets.js').Packet} packet */
export function addPacket(packet) {
  const { direction, type, event, args, token } = packet;
  const name = event ?? type;
  const item = element('li', headOf(packet, name), direction);
  item.append(element('p', meaningOf(packet)));
  if (args.length > 0)
    item.append(element('pre', breakable(args.map((part) => JSON.stringify(part)).join(', '))));
  if (token) item.append(element('p', 'The token says:', 'says'), claimsOf(token));
  const end = event === 'authenticated' || event === 'token_expiring' ? args[0].expiresAt : undefined;
  if (end) item.append(element('p', ['The session: ', left(end)]));
  add(item);
  $('last').textContent = `${ARROWS[direction]} ${name}`;
}

/** JSON has no spaces. A line may break between its members, and not within a word. */
function breakable(json) {
  return json.split(/(?<=[,:])/).flatMap((part) => [part, element('wbr')]);
}

/** Something that no packet tells. */
export function addNote(text) {
  add(element('li', text, 'note'));
}

function add(item) {
  list.append(item);
  while (list.childElementCount > MAX_ENTRIES) list.firstChild.remove();
  scroll.onAdded();
}

function headOf({ direction, type, event, id }, name) {
  const arrow = element('span', ARROWS[direction], 'arrow');
  arrow.ariaHidden = 'true';
  const kind = [event && type, id && `ack id ${id}`].filter(Boolean).join(', ');
  return element(
    'div',
    [
      arrow,
      element('span', `${WORDS[direction]} `, 'unseen'),
      element('b', name),
      ' ',
      element('small', kind),
      element('time', timeOf(Date.now(), 'medium')),
    ],
    'head',
  );
}

function claimsOf({ header, claims }) {
  const table = element('dl');
  for (const [name, value] of Object.entries({ alg: header.alg, ...claims })) {
    table.append(element('dt', name), element('dd', worded(name, value)));
  }
  return table;
}

function worded(name, value) {
  if (!MOMENTS.has(name)) return typeof value === 'string' ? element('bdi', value) : JSON.stringify(value);
  const time = timeOf(value * 1_000, 'medium');
  return name === 'exp' ? [`${time}, `, left(value * 1_000)] : time;
}

/** The time left until a moment; it is kept up to date. */
function left(end) {
  const made = element('span', [], 'left');
  made.dataset.end = end;
  update(made);
  return made;
}

function update(made) {
  const ms = made.dataset.end - Date.now();
  made.textContent = ms > 0 ? `${clock(ms)} left` : 'over';
  if (ms <= 0) delete made.dataset.end;
}

setInterval(() => {
  for (const made of document.querySelectorAll('[data-end]')) update(made);
}, 1_000);
