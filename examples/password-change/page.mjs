// In the browser, with a bundler.
import { io } from 'socket.io-client';
import { authenticate } from 'socketio-authorize/client';

async function post(url, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()).token;
}

export async function logIn(url, name, password) {
  // A promise: while the password changes, code that needs the token waits for the fresh one.
  let token = post(`${url}/login`, { name, password });
  const socket = io(url, { forceNew: true });
  const auth = authenticate(socket, { token: () => token });
  await auth.ready;
  return {
    socket,
    auth,
    changePassword(newPassword) {
      token = token.then((former) => post(`${url}/password`, { newPassword }, former));
      return token;
    },
  };
}
