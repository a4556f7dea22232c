/**
 * A client for the command line:
 *
 *     TOKEN | node examples/client.js URL [--cookie NAME | --auth JSON] [EVENT ARGUMENT…]
 *
 * It reads a token from its input: bare, as `{"token":"…"}` or `{"access_token":"…"}`, or, with --cookie, from an HTTP
 * answer with its head (`curl -i`). It logs in, sends the event, and prints what it hears until it is disconnected.
 */
const { text } = require('node:stream/consumers');
const { io } = require('socket.io-client');

const MAX_WIDTH = 100;

function parse([url, ...rest]) {
  const options = {};
  while (rest[0]?.startsWith('--')) options[rest.shift().slice(2)] = rest.shift();
  return { url, ...options, event: rest };
}

/** Finds the token in what came from the input. */
function tokenIn(input, cookie) {
  const [, fromHead] = new RegExp(`^set-cookie: *${cookie}=([^;\\r\\n]*)`, 'im').exec(input) ?? [];
  if (cookie !== undefined && fromHead !== undefined) return fromHead;
  try {
    const { token, access_token: accessToken = token } = JSON.parse(input);
    return accessToken;
  } catch {
    return input.trim();
  }
}

function show(name, ...values) {
  const line = `${name}: ${values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ')}`;
  console.log(line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH)}…` : line);
}

function showRefusal({ code, reason, message }) {
  show('refused', `${code}${reason === undefined ? '' : ` (${reason})`}: ${message}`);
}

const heard = {
  authenticated: ({ expiresIn }) =>
    show(
      'authenticated',
      expiresIn === null ? 'the session has no end' : `${Math.round(expiresIn / 60_000)} minutes left`,
    ),
  unauthorized: ({ data }) => showRefusal(data),
};

async function run({ url, cookie, auth, event }) {
  const token =
    process.stdin.isTTY || auth !== undefined ? undefined : tokenIn(await text(process.stdin), cookie);
  const options = { transports: ['websocket'], reconnection: false };
  if (auth !== undefined) options.auth = JSON.parse(auth);
  else if (cookie !== undefined) options.extraHeaders = { cookie: `${cookie}=${token}` };
  else options.auth = { token };
  const socket = io(url, options);
  socket.on('connect', () => event.length > 0 && socket.emit(...event));
  socket.on('connect_error', ({ message, data }) => {
    if (data === undefined) show('not connected', message);
    else showRefusal(data);
    process.exitCode = 1;
  });
  socket.onAny((name, ...values) =>
    Object.hasOwn(heard, name) ? heard[name](...values) : show(name, ...values),
  );
  socket.on('disconnect', (reason) => show('disconnected', reason));
}

const chosen = parse(process.argv.slice(2));
if (chosen.url === undefined) {
  console.error('Say where: node examples/client.js http://127.0.0.1:3000 (and a token at its input)');
  process.exitCode = 1;
} else {
  run(chosen);
}
