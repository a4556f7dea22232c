import { io } from './socket.io/socket.io.esm.min.js';
import { authenticate } from './client.mjs';

const $ = (id) => document.getElementById(id);

/** Refusals, by reason or code, in words. */
const WORDS = {
  expired: 'Your login ran out.',
  revoked: 'An administrator has logged you out.',
  signature: 'The server refused the token: it was not signed by this server.',
  malformed: 'The server refused the token: it is not one.',
  not_authenticated: 'The server did not hear that: you are not logged in.',
  authentication_timeout: 'Nobody logged in on this connection in time, so the server has closed it.',
  too_many_attempts: 'The server has closed the connection after too many failed logins.',
  server_busy: 'The server is too busy.',
};
const wordsFor = ({ code, reason, message }) =>
  WORDS[reason] ?? WORDS[code] ?? `The server refused: ${message}.`;

/** The connection in use: `{ socket, auth, login }`; `login` is `{ id, name, admin }`, and missing before a login. */
let current;
/** While logged in: when that ends and how long it lasts, in ms by this browser's own clock. */
let session;

// In and out

function logIn(login) {
  // The first token came with the login; every later one is fetched.
  let unused = sessionStorage.token;
  const socket = connect();
  const auth = authenticate(socket, {
    token() {
      const token = unused ?? fetchToken(login);
      unused = undefined;
      if (auth.state === 'authenticated') show('renewing', 'Renewing your login…');
      return token;
    },
  });
  auth.on('authenticated', ({ expiresIn }) => {
    const isRenewal = document.body.dataset.state === 'renewing';
    session = { end: Date.now() + expiresIn, life: expiresIn };
    show('in', `Logged in as ${login.name}`);
    tick(isRenewal ? 'Renewed' : undefined);
  });
  auth.on('unauthorized', (error) => logOut(wordsFor(error.data), error.data));
  auth.on('error', (error) =>
    show('trouble', error.data ? wordsFor(error.data) : 'No new token yet.', 'Trying again…'),
  );
  current = { socket, auth, login };
  $('leave').textContent = 'Log out';
  socket.connect();
}

async function fetchToken({ id }) {
  const response = await fetch(`/logins/${id}/token`, { method: 'POST' });
  if (current?.login?.id !== id) throw new Error('logged out');
  if (response.status === 401) logOut('Your login has ended. Please log in again.');
  if (!response.ok) throw new Error(`no token: ${response.status}`);
  sessionStorage.token = (await response.json()).token;
  return sessionStorage.token;
}

/** Connects without a login: to be told nothing, and thrown out when the time is over. */
function sneakIn() {
  const socket = connect();
  current = { socket };
  socket.on('connect', () =>
    show('trouble', 'Connected, not logged in', 'You hear nothing, and nobody hears you'),
  );
  socket.on('unauthorized', ({ data }) => {
    if (data.event) show('trouble', wordsFor(data), 'You hear nothing, and nobody hears you');
    else logOut(wordsFor(data), data);
  });
  $('leave').textContent = 'Leave';
  socket.connect();
}

/** Shows a token that nobody signed. */
function forge() {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { sub: '1', name: 'Mallory', admin: true },
  ];
  const token = [...parts.map((part) => btoa(JSON.stringify(part)).replace(/=+$/, '')), 'c2lnbmVk'].join('.');
  const socket = connect();
  const auth = authenticate(socket, { token });
  auth.on('unauthorized', (error) => logOut(wordsFor(error.data), error.data));
  current = { socket, auth };
  $('leave').textContent = 'Leave';
  socket.connect();
}

function connect() {
  const socket = io({ autoConnect: false });
  socket.on('message', addMessage);
  socket.on('people', showPeople);
  socket.on('connect_error', () => show('trouble', 'The server does not answer', 'Trying again…'));
  socket.on('disconnect', () => {
    session = undefined;
    show('busy', 'The connection is lost', 'Connecting again…');
  });
  $('notice').hidden = $('door').hidden = true;
  $('room').hidden = $('leave').hidden = false;
  show('busy', 'Connecting…');
  $('text').focus();
  return socket;
}

/** Back to the door, with the reason. */
function logOut(reason, { code, reason: detail } = {}) {
  const { socket, auth } = current;
  current = session = undefined;
  auth?.close();
  socket.off();
  socket.disconnect();
  sessionStorage.clear();
  $('people').replaceChildren();
  $('messages').replaceChildren();
  $('notice').textContent = reason;
  if (code) $('notice').append(element('code', [code, detail].filter(Boolean).join(': ')));
  $('room').hidden = $('leave').hidden = true;
  $('notice').hidden = $('door').hidden = false;
  show('out', 'Chat', 'A chat behind a login');
  $('name').focus();
}

// What is to be seen

/** @param state `out`, `busy`, `in`, `renewing` or `trouble`: the colour */
function show(state, status, until = '') {
  document.body.dataset.state = state;
  $('status').textContent = status;
  $('until').textContent = until;
}

function tick(news) {
  const left = session === undefined ? 0 : Math.max(0, session.end - Date.now());
  $('life').style.scale = `${session === undefined ? 0 : left / session.life} 1`;
  if (session === undefined || document.body.dataset.state !== 'in') return;
  if (news) session.news = { text: `${news}: `, end: Date.now() + 4_000 };
  const prefix = session.news?.end > Date.now() ? session.news.text : '';
  const seconds = Math.ceil(left / 1_000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  $('until').textContent = `${prefix}until ${new Date(session.end).toLocaleTimeString()}, ${clock} left`;
}
setInterval(tick, 250);

function element(tag, text, className = '') {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

function addMessage({ from, name, text, at }) {
  const item = element('li', '', from === current.login?.id ? 'mine' : '');
  const time = new Date(at).toLocaleTimeString([], { timeStyle: 'short' });
  item.append(element('b', name), ' ', element('time', time), element('p', text));
  $('messages').append(item);
  while ($('messages').childElementCount > 200) $('messages').firstChild.remove();
  item.scrollIntoView({ block: 'nearest' });
}

function showPeople(people) {
  $('people').replaceChildren(
    ...people.map(({ id, name, admin }) => {
      const isMe = id === current.login?.id;
      const item = element('li', name);
      if (isMe || admin) item.append(element('small', isMe ? 'you' : 'administrator'));
      else if (current.login?.admin) item.append(logOutButton(id, name));
      return item;
    }),
  );
}

function logOutButton(id, name) {
  const button = element('button', 'Log out', 'quiet');
  button.ariaLabel = `Log out ${name}`;
  button.addEventListener('click', () => current.socket.emit('log_out', id));
  return button;
}

// What a person does

$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  void askForLogin(new FormData(event.target));
});

async function askForLogin(form) {
  const response = await fetch('/login', { method: 'POST', body: new URLSearchParams(form) }).catch(
    () => undefined,
  );
  if (!response?.ok) {
    $('notice').textContent = 'The server does not answer. Please try again.';
    $('notice').hidden = false;
    return;
  }
  const { token, ...login } = await response.json();
  sessionStorage.token = token;
  sessionStorage.login = JSON.stringify(login);
  logIn(login);
}

$('talk').addEventListener('submit', (event) => {
  event.preventDefault();
  current.socket.emit('message', $('text').value);
  event.target.reset();
});

$('leave').addEventListener('click', () => void goOut());

async function goOut() {
  const { auth, login } = current;
  if (login) {
    await auth.logout();
    await fetch(`/logins/${login.id}`, { method: 'DELETE' }).catch(() => undefined);
  }
  if (current?.auth === auth) logOut(login ? 'You have logged out.' : 'You have left.');
}

$('stranger').addEventListener('click', sneakIn);
$('forger').addEventListener('click', forge);

// A reload goes on where it was.
if (sessionStorage.login) logIn(JSON.parse(sessionStorage.login));
