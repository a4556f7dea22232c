/** Keys in PEM (RFC 7468), as they appear in files, environment variables and consoles. */
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readDer } from './key-der';

/** A label of RFC 7468 §2 or RFC 4716 §3.2 (SSH), or its words if the dashes did not survive a word processor. */
const LABEL =
  /-----BEGIN\b|---- BEGIN SSH2 |\bBEGIN (?:[A-Z0-9]+ ){0,4}(?:PUBLIC KEY|PRIVATE KEY|CERTIFICATE)\b/;
/** Either label, in any case: one of the two lines may be lost. */
const EITHER_LABEL = /-----(?:BEGIN|END) [\w ]{0,40}(?:KEY|CERTIFICATE)\b/i;
/** A block from its first label on. */
const BLOCK = /^([A-Z0-9 ]*(?:KEY|CERTIFICATE))-----([\s\S]*?)-----END \1-----/i;
/** What a block contains besides Base64: line breaks, also as `\n`, and the quotes and commas of source code. */
const FILLER = /(?<!\\)\\+[nrt]|[\s\\"',]/g;

/** Whether a text has a PEM label anywhere: a PEM may have text before it. */
export function looksLikePem(text: string): boolean {
  return LABEL.test(text) || EITHER_LABEL.test(text);
}

/**
 * The public key of the first block that holds one: a public key, a certificate, or a private key.
 *
 * @returns `undefined` if no block can be read
 */
export function readPem(text: string): KeyObject | undefined {
  try {
    return createPublicKey(text.slice(text.indexOf('-----BEGIN ')));
  } catch {
    // Line breaks may be lost or written out, and the label may be of another form: the content decides.
    for (const block of text.split(/-----BEGIN /i)) {
      const [, , body = ''] = BLOCK.exec(block) ?? [];
      const key = readDer(Buffer.from(body.replace(FILLER, ''), 'base64'));
      if (key !== undefined) return key;
    }
    return undefined;
  }
}
