/**
 * Tells of every Socket.IO packet of a socket, as it passes. Heartbeats and the opening of the transport are left out.
 *
 * @typedef {object} Packet
 * @property {'in' | 'out'} direction
 * @property {string} type of the Socket.IO protocol: CONNECT, EVENT, ACK, …
 * @property {string} [event] the event's name
 * @property {string} [id] the number that an acknowledgement repeats
 * @property {unknown[]} args tokens in it are shortened
 * @property {{ header: object, claims: object }} [token] the first token in it, decoded
 */

const TYPES = ['CONNECT', 'DISCONNECT', 'EVENT', 'ACK', 'CONNECT_ERROR', 'BINARY_EVENT', 'BINARY_ACK'];
const PACKET = /^(?<type>\d)(?:\/[^,]*,)?(?<id>\d*)(?<data>.*)$/s;
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
/** Characters of a token that are shown: they say no more than its algorithm. */
const SHOWN = 8;

/** @param {(packet: Packet) => void} tell */
export function watch(socket, tell) {
  const { io } = socket;
  // Each connection has an engine of its own. This listener comes before that of Socket.IO, which sends CONNECT.
  io.on('open', () => {
    io.engine.on('packet', ({ type, data }) => type === 'message' && tell(read('in', data)));
    io.engine.on('packetCreate', ({ type, data }) => type === 'message' && tell(read('out', data)));
  });
}

function read(direction, text) {
  const { type, id, data } = PACKET.exec(text).groups;
  const content = data === '' ? [] : [JSON.parse(data)].flat();
  const packet = { direction, type: TYPES[type], id, token: firstToken(text) };
  if (packet.type === 'EVENT') packet.event = content.shift();
  return { ...packet, args: content.map(shorten) };
}

/** Replaces every token in a value, wherever it is: a whole one could be copied from the screen. */
function shorten(value) {
  const text = JSON.stringify(value, (_key, part) =>
    typeof part === 'string' ? part.replace(TOKEN, (token) => `${token.slice(0, SHOWN)}…`) : part,
  );
  return JSON.parse(text);
}

function firstToken(text) {
  const [token] = text.match(TOKEN) ?? [];
  try {
    const [header, claims] = token.split('.').map(decode);
    return { header, claims };
  } catch {
    // No token, or a text that only looks like one.
    return undefined;
  }
}

function decode(part, index) {
  // The third part is the signature: nothing to be read.
  if (index === 2) return undefined;
  const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
