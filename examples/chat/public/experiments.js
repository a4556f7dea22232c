/** The buttons of the panel: each causes something, and says in one sentence what to expect. */
import { endEverywhere, endLogin, requestDemoToken } from './api.js';
import { $, element } from './dom.js';
import { addNote } from './packet-log.js';
import { connection, fetchToken, showRenewing, tryToken, visit } from './session.js';
import { hideNotice, showNotice } from './view.js';

/** Ms until a connection that was dropped by a button comes back. */
const AWAY = 3_000;

const WITHOUT_LOGIN = [
  {
    label: 'Send before login',
    promise:
      'Connects without a token and says something: dropped at once with `not_authenticated`, as this chat sets `holdEvents: 0`.',
    run: () => visit('May I come in?'),
  },
  {
    label: 'Stay silent',
    promise: 'Connects and never logs in: you see the countdown, then `authentication_timeout`.',
    run: () => visit(),
  },
  {
    label: 'Forged token',
    promise: 'Shows a token that somebody else has signed: `invalid_token`, reason `signature`.',
    run: async () => tryToken(await requestDemoToken('forged')),
  },
  {
    label: 'Expired token',
    promise: 'Shows a token that ended an hour ago: `invalid_token`, reason `expired`.',
    run: async () => tryToken(await requestDemoToken('expired')),
  },
];

const WITH_LOGIN = [
  {
    label: 'Lose the network',
    promise: 'Drops the connection: it comes back by itself, and `CONNECT` carries a fresh token.',
    run: loseNetwork,
  },
  {
    label: 'Renew now',
    promise: 'Shows a fresh token on this connection: `authenticated` again, with a later end.',
    run: renewNow,
  },
  {
    label: 'Send without permission',
    promise: 'Asks to clear the chat: `insufficient_scope`, and the login goes on (an administrator may).',
    run: () => connection().socket.volatile.emit('clear'),
  },
  {
    label: 'Revoke this session',
    promise: 'Ends this login on the server: `invalid_token`, reason `revoked`; your other tabs stay.',
    run: () => endLogin(connection().login.id),
  },
  {
    label: 'Log out everywhere',
    promise: 'Ends every login under your name in this browser: each such tab is told `revoked`.',
    run: () => endEverywhere(connection().login.id),
  },
];

function loseNetwork() {
  const { socket } = connection();
  if (!socket.connected) return;
  const { io } = socket;
  const usual = io.reconnectionDelay();
  io.reconnectionDelay(AWAY);
  socket.once('connect', () => io.reconnectionDelay(usual));
  io.engine.close();
}

/** The library renews by itself in time. This shows how: any `authenticate` with a token of the same user. */
async function renewNow() {
  const { socket, login } = connection();
  const token = await fetchToken(login);
  showRenewing();
  socket.volatile.emit('authenticate', { token }, () => {});
}

function rowOf({ label, promise, run }) {
  const button = element('button', label, 'quiet');
  const sentence = element(
    'p',
    promise.split('`').map((part, i) => (i % 2 ? element('code', part) : part)),
  );
  sentence.id = `promise-${label.toLowerCase().replaceAll(' ', '-')}`;
  button.setAttribute('aria-describedby', sentence.id);
  button.addEventListener('click', () => {
    hideNotice();
    addNote(`You press “${label}”.`);
    Promise.resolve(run()).catch((error) => showNotice(error.message, error));
  });
  return element('li', [button, sentence]);
}

export function showExperiments() {
  $('without-login').replaceChildren(...WITHOUT_LOGIN.map(rowOf));
  $('with-login').replaceChildren(...WITH_LOGIN.map(rowOf));
}
