/** What was typed and not sent yet: it outlives a reload, a restart of the server and a login that ran out. */
import { $ } from './dom.js';

export function saveDraft(name) {
  sessionStorage.draft = JSON.stringify({ name, text: $('text').value });
}

/** Another person who logs in here does not get it. */
export function restoreDraft(name) {
  const draft = JSON.parse(sessionStorage.draft ?? '{}');
  $('text').value = draft.name === name ? (draft.text ?? '') : '';
}
