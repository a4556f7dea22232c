/** Good packets, in each form in which a server may be sent them. */
import { createRequire } from 'node:module';
import { Encoder } from 'socket.io-parser';
import { createToken } from '../../support/tokens';
import type { Packet } from './mutations';

interface Content {
  readonly type: number;
  readonly nsp: string;
  readonly data?: unknown;
  readonly id?: number;
}

/** A parser as the server's option `parser` takes it. */
interface Parser {
  readonly Encoder: new () => { encode(packet: Content): Packet[] };
}

export interface Form {
  readonly name: string;
  /** For the server; Socket.IO's own if left out. */
  readonly parser?: Parser;
  /** Packets that belong together: a binary event is a text and its attachments. */
  readonly corpus: readonly (readonly Packet[])[];
}

const token = createToken({ sub: 'bob' }, { expiresIn: '1h' });
const SIDE = '/side';

const contents: readonly Content[] = ['/', SIDE].flatMap((nsp) => [
  { type: 0, nsp },
  { type: 0, nsp, data: { token } },
  { type: 0, nsp, data: { pid: 'a'.repeat(20), offset: 'b' } },
  { type: 1, nsp },
  { type: 2, nsp, data: ['talk', 1] },
  { type: 2, nsp, data: ['admin', { deep: [1, { two: null }] }], id: 7 },
  { type: 2, nsp, data: ['authenticate', { token }], id: 1 },
  { type: 2, nsp, data: ['authenticate', token] },
  { type: 2, nsp, data: ['authenticate', { token: 'none' }], id: 2 },
  { type: 2, nsp, data: ['deauthenticate'], id: 3 },
  { type: 2, nsp, data: ['talk', Buffer.from('bytes'), { more: Buffer.alloc(3) }] },
  { type: 2, nsp, data: ['authenticate', { token: Buffer.from(token) }], id: 4 },
  { type: 3, nsp, data: [{ ok: true }], id: 0 },
  { type: 3, nsp, data: [Buffer.from('answer')], id: 0 },
  { type: 4, nsp, data: { message: 'refused' } },
]);

const encoded = ({ Encoder: Class }: Parser): Packet[][] =>
  contents.map((content) => {
    // Encoders take binary data out of what they are given.
    const data: unknown = structuredCloneOf(content.data);
    return new Class().encode({ ...content, ...(data !== undefined && { data }) });
  });

function structuredCloneOf(data: unknown): unknown {
  if (Buffer.isBuffer(data) || typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(structuredCloneOf);
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, structuredCloneOf(value)]));
}

/** The form with its own package, if that is installed. */
function msgpack(): Form[] {
  try {
    const parser = createRequire(__filename)('socket.io-msgpack-parser') as Parser;
    return [{ name: 'msgpack', parser, corpus: encoded(parser) }];
  } catch {
    return [];
  }
}

export const FORMS: readonly Form[] = [{ name: 'text', corpus: encoded({ Encoder }) }, ...msgpack()];
