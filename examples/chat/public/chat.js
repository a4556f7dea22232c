import { io } from './socket.io/socket.io.esm.min.js';
import { authenticate } from './client.mjs';

const $ = (id) => document.getElementById(id);

/** Refusals, by reason or code, in words. */
const WORDS = {
  expired: 'Your login ran out.',
  revoked: 'An administrator has logged you out.',
  signature: 'The server refused the token: it was not signed by this server.',
  malformed: 'The server refused the token: it is not one.',
  not_authenticated: 'Not heard: you are not logged in.',
  authentication_timeout: 'Nobody logged in on this connection in time, so the server has closed it.',
  too_many_attempts: 'The server has closed the connection after too many failed logins.',
  server_busy: 'The server is too busy.',
};
const wordsFor = ({ code, reason, message }) =>
  WORDS[reason] ?? WORDS[code] ?? `The server refused: ${message}.`;

/** For how long a renewal is news, in ms. */
const NEWS = 4_000;
/** Messages that are kept. */
const MAX_MESSAGES = 200;

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
      if (auth.state === 'authenticated') show('renewing', `Logged in as ${login.name}`, 'Renewing…');
      return token;
    },
  });
  auth.on('authenticated', ({ expiresIn }) => {
    const isRenewal = document.body.dataset.state === 'renewing';
    session = { end: Date.now() + expiresIn, life: expiresIn, isRenewal };
    show('in', `Logged in as ${login.name}`);
    tick();
  });
  auth.on('unauthorized', (error) => logOut(wordsFor(error.data), error.data));
  auth.on('error', (error) =>
    show('trouble', error.data ? wordsFor(error.data) : 'There is no new token yet', 'Trying again…'),
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
  socket.on('connect', () => show('trouble', 'Connected, not logged in', 'No message reaches you'));
  socket.on('unauthorized', ({ data }) => {
    if (data.event) show('trouble', wordsFor(data), 'No message reaches you');
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
  $('notice').className = code ? 'bad' : '';
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
  // Only if it is another one: screen readers speak it at every change.
  if ($('status').textContent !== status) $('status').textContent = status;
  $('until').textContent = until;
}

function tick() {
  const { end, life, isRenewal } = session ?? { end: 0, life: 1 };
  const left = Math.max(0, end - Date.now());
  $('life').style.scale = `${left / life} 1`;
  if (document.body.dataset.state !== 'in') return;
  const seconds = Math.ceil(left / 1_000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const isNews = isRenewal && life - left < NEWS;
  $('until').textContent = `${isNews ? 'Renewed' : `Until ${timeOf(end, 'medium')}`}, ${clock} left`;
}
setInterval(tick, 250);

function timeOf(ms, timeStyle) {
  return new Date(ms).toLocaleTimeString([], { timeStyle });
}

function element(tag, text, className = '') {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

function addMessage({ from, name, text, at }) {
  const item = element('li', '', from === current.login?.id ? 'mine' : '');
  item.append(element('b', name), ' ', element('time', timeOf(at, 'short')), element('p', text));
  $('messages').append(item);
  while ($('messages').childElementCount > MAX_MESSAGES) $('messages').firstChild.remove();
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
    $('notice').className = 'bad';
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
  // What is sent ahead of the login is lost: better keep it where it stands.
  if (current.auth && current.auth.state !== 'authenticated') return;
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
