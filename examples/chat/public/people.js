/** Who is here: a column, or on a phone one line that opens. */
import { $, element, nameOf } from './dom.js';

$('here-toggle').addEventListener('click', () => {
  const isOpen = $('here').classList.toggle('open');
  $('here-toggle').ariaExpanded = String(isOpen);
});

/**
 * @param {{ user: string, name: string, admin: boolean }[]} people
 * @param {{ user: string, admin: boolean } | undefined} me
 * @param {(user: string) => void} logOut
 */
export function showPeople(people, me, logOut) {
  const item = ({ user, name, admin }) => {
    const isMe = user === me?.user;
    const made = element('li', nameOf(name));
    if (isMe || admin) made.append(element('small', isMe ? 'you' : 'administrator'));
    else if (me?.admin) made.append(logOutButton(name, () => logOut(user)));
    return made;
  };
  $('people').replaceChildren(...people.map(item));
  const names = people.flatMap(({ name }, index) => [index > 0 ? ', ' : '', nameOf(name)]);
  $('here-line').replaceChildren(
    ...(people.length > 0 ? [`(${people.length}) `, ...names] : ['shown after the login']),
  );
}

function logOutButton(name, onClick) {
  const button = element('button', 'Log out', 'quiet');
  button.ariaLabel = `Log out ${name}`;
  button.addEventListener('click', onClick);
  return button;
}
