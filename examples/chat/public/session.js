/** The connection in use, and who is logged in on it. */
import { authenticate, UnauthorizedError } from './client.mjs';
import { endLogin, requestToken } from './api.js';
import { $, nameOf } from './dom.js';
import { restoreDraft } from './draft.js';
import { addMessage, clearMessages } from './messages.js';
import { addNote, addPacket } from './packet-log.js';
import { watch } from './packets.js';
import { showPeople } from './people.js';
import { io } from './socket.io/socket.io.esm.min.js';
import { setTerm, show, showDoor, showNotice, showRoom, showSending } from './view.js';
import { wordsFor } from './words.js';

/**
 * @typedef {{ id: string, user: string, name: string, admin: boolean }} Login
 * @type {{ socket: import('socket.io-client').Socket, auth?: import('socketio-authorize/client').ClientAuth,
 * login?: Login } | undefined} without `auth` it is a visitor's, who shows no token
 */
let current;

export const connection = () => current;

/** @param {Login} login what the server has answered; its first token is in `sessionStorage` */
export function logIn(login) {
  let unused = sessionStorage.token;
  const socket = open();
  const who = ['Logged in as ', nameOf(login.name)];
  const auth = authenticate(socket, {
    token() {
      const token = unused ?? fetchToken(login);
      unused = undefined;
      if (auth.state === 'authenticated') showRenewing();
      return token;
    },
  });
  auth.on('authenticated', ({ expiresIn }) => {
    setTerm({ life: expiresIn, isRenewal: document.body.dataset.state === 'renewing' });
    show('in', who);
    updateSending();
  });
  auth.on('unauthorized', ({ data }) => leave(wordsFor(data), data));
  auth.on('dropped', ({ data }) => showNotice(wordsFor(data), data));
  auth.on('error', ({ data }) =>
    show('trouble', data ? wordsFor(data) : 'There is no new token yet', 'Trying again…'),
  );
  // After "log out everywhere" a fresh token would count, and the library asks for one. This login gets none.
  socket.on('unauthorized', ({ data }) => {
    if (data.reason === 'revoked' && current?.socket === socket) leave(wordsFor(data), data);
  });
  enter({ socket, auth, login }, 'Log out');
}

export async function fetchToken({ id }) {
  const token = await requestToken(id).catch((error) => {
    // An error that is not retryable: without it, the library would ask again.
    if (error.code === 'not_logged_in') throw new UnauthorizedError(error.code, { message: error.message });
    throw error;
  });
  if (current?.login?.id !== id) throw new Error('logged out meanwhile');
  sessionStorage.token = token;
  return token;
}

export function showRenewing() {
  show('renewing', ['Logged in as ', nameOf(current.login.name)], 'Renewing…');
}

/**
 * Connects without a login: to be told nothing, and thrown out when the time is over.
 *
 * @param {string} [text] what to say at once
 */
export function visit(text) {
  const socket = open();
  socket.on('connect', () => {
    show('trouble', 'Connected, not logged in', 'No message reaches you');
    updateSending();
    if (text !== undefined) socket.emit('message', text);
  });
  socket.on('hello', ({ logInWithin }) => setTerm({ life: logInWithin, isVisit: true }));
  socket.on('unauthorized', ({ data }) => {
    if (data.event) show('trouble', wordsFor(data));
    else leave(wordsFor(data), data);
  });
  enter({ socket }, 'Back to login');
}

/** Logs in with a token that somebody hands over. */
export function tryToken(token) {
  const socket = open();
  const auth = authenticate(socket, { token });
  auth.on('unauthorized', ({ data }) => leave(wordsFor(data), data));
  enter({ socket, auth }, 'Back to login');
}

function open() {
  if (current) leave('You have left.');
  const socket = io({ autoConnect: false, forceNew: true });
  watch(socket, addPacket);
  socket.on('message', (message) => addMessage(message, message.from === current.login?.user));
  socket.on('people', (people) => showPeople(people, current.login, (user) => socket.emit('log_out', user)));
  socket.on('cleared', clearMessages);
  socket.on('connect_error', () => show('trouble', 'The server does not answer', 'Trying again…'));
  socket.on('disconnect', () => {
    addNote('The connection is lost.');
    setTerm(undefined);
    show('busy', 'The connection is lost', 'Connecting again…');
    updateSending();
  });
  return socket;
}

function enter(next, leaveLabel) {
  current = next;
  document.body.classList.toggle('logged-in', next.login !== undefined);
  showRoom(leaveLabel);
  showPeople([]);
  show('busy', 'Connecting…');
  restoreDraft(next.login?.name);
  updateSending();
  next.socket.connect();
  $('text').focus();
}

/** A login whose token is being renewed goes on; one that is still to come does not count. */
export function canSend() {
  const { socket, auth } = current;
  return socket.connected && (auth === undefined || auth.state === 'authenticated');
}

function updateSending() {
  const { socket } = current;
  // What is sent ahead of the login is lost: it is better kept where it stands.
  const why = socket.connected ? 'Not logged in yet' : 'There is no connection';
  showSending(canSend() ? '' : `${why}: your message waits here.`);
}

/** Back to the door. The draft stays: it is of somebody who may come back. */
export function leave(words, refusal) {
  const { socket, auth } = current;
  current = undefined;
  auth?.close();
  socket.off();
  socket.disconnect();
  delete sessionStorage.token;
  delete sessionStorage.login;
  document.body.classList.remove('logged-in');
  clearMessages();
  showDoor(words, refusal);
}

/** By the person's own wish: nothing stays behind. */
export async function logOut() {
  const { auth, login } = current;
  if (login) {
    await auth.logout();
    await endLogin(login.id).catch(() => undefined);
  }
  if (current?.auth !== auth) return;
  leave(login ? 'You have logged out.' : 'You have left.');
  sessionStorage.clear();
  $('text').value = '';
}
