// Two browsers are logged in as Ada. One of them changes the password: node examples/password-change/demo.mjs URL
import { logIn } from './page.mjs';

const [, , url = 'http://127.0.0.1:3000'] = process.argv;
const browsers = {};
for (const name of ['first browser', 'second browser']) {
  const browser = await logIn(url, 'Ada', 'old password');
  console.log(`${name}: authenticated`);
  browsers[name] = browser;
}
const { 'first browser': first, 'second browser': second } = browsers;
const isBack = new Promise((resolve) => {
  first.socket.once('authenticated', resolve);
});
const isOut = new Promise((resolve) => {
  second.socket.once('unauthorized', ({ data }) => resolve(`${data.code} (${data.reason})`));
});
console.log('first browser: changes the password');
await first.changePassword('new password');
console.log(`second browser: refused: ${await isOut}`);
await isBack;
console.log('first browser: authenticated again, with the fresh token');
for (const { auth, socket } of [first, second]) {
  auth.close();
  socket.disconnect();
}
