// One device of a user, in a terminal: node client.mjs NAME [URL]
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';
import { authenticate } from 'socketio-authorize/client';

const [name = 'bob', url = 'http://127.0.0.1:3000'] = process.argv.slice(2);

async function post(path, body, headers = {}) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer.token;
}

let token = await post('/login', { name });
const socket = io(url);
const auth = authenticate(socket, {
  async token({ forceRefresh }) {
    if (forceRefresh) token = await post('/refresh', {}, { authorization: `Bearer ${token}` });
    return token;
  },
});
auth.on('unauthorized', ({ message, data }) => {
  console.log(`Logged out: ${message} (${data.reason ?? data.code})`);
  process.exit();
});
socket.on('note', (text) => console.log(`A note on all devices of ${name}: ${text}`));
await auth.ready;
console.log(`Logged in as ${name}. Type "sessions", "log out others", or a note for all devices of ${name}.`);
for await (const line of createInterface({ input: process.stdin })) {
  if (['sessions', 'log out others'].includes(line)) console.log(await socket.emitWithAck(line));
  else socket.emit('note', line);
}
