/** What a person does. */
import { requestLogin } from './api.js';
import { $ } from './dom.js';
import { saveDraft } from './draft.js';
import { showExperiments } from './experiments.js';
import { canSend, connection, leave, logIn, logOut } from './session.js';
import { showNotice } from './view.js';
import { fitViewport } from './viewport.js';

$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  void askForLogin(new FormData(event.target));
});

async function askForLogin(form) {
  showFault(form.get('name').trim() === '' ? 'Please give a name: this one is blank.' : '');
  if (!$('name-fault').hidden) return;
  try {
    const { token, ...login } = await requestLogin(form);
    if (connection()) leave('You have left.');
    sessionStorage.token = token;
    sessionStorage.login = JSON.stringify(login);
    logIn(login);
  } catch (error) {
    if (error.code?.endsWith('_name')) showFault(error.message);
    else showNotice(error.message, error);
  }
}

/** What is wrong with the name; empty if nothing is. */
function showFault(words) {
  $('name-fault').textContent = words;
  $('name-fault').hidden = words === '';
  $('name').ariaInvalid = String(words !== '');
  if (words !== '') $('name').focus();
}

$('name').addEventListener('input', () => showFault(''));

$('talk').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!canSend()) return;
  connection().socket.emit('message', $('text').value);
  event.target.reset();
  saveDraft(connection().login?.name);
});

$('text').addEventListener('input', () => saveDraft(connection().login?.name));
$('leave').addEventListener('click', () => void logOut());
$('panel-toggle').addEventListener('click', () => {
  const isOpen = $('panel').classList.toggle('open');
  $('panel-toggle').ariaExpanded = String(isOpen);
});

fitViewport();
showExperiments();
// A reload goes on where it was.
if (sessionStorage.login) logIn(JSON.parse(sessionStorage.login));
