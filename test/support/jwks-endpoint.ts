import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { sign } from 'jsonwebtoken';
import type { Algorithm, SignOptions } from 'jsonwebtoken';

type KeyType = 'rsa' | 'ec' | 'ed25519';
const ALGORITHMS: Readonly<Record<KeyType, string>> = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' };

/** A key as a provider has it: it signs tokens, and its public half is shown. */
export class SigningKey {
  readonly #privateKey: KeyObject;
  readonly jwk: JsonWebKey & { kid?: string };

  constructor(
    readonly kid: string,
    readonly type: KeyType = 'rsa',
  ) {
    const { privateKey, publicKey } = makePair(type);
    this.#privateKey = privateKey;
    this.jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: ALGORITHMS[type] };
  }

  get privateJwk(): JsonWebKey & { kid?: string } {
    return {
      ...this.#privateKey.export({ format: 'jwk' }),
      kid: this.kid,
      use: 'sig',
      alg: ALGORITHMS[this.type],
    };
  }

  token(claims: object = { sub: 'bob' }, options: SignOptions = {}): string {
    if (this.type === 'ed25519') return this.#ed25519Token(claims);
    const algorithm = ALGORITHMS[this.type] as Algorithm;
    return sign(claims, this.#privateKey, { algorithm, keyid: this.kid, ...options });
  }

  /** RFC 8037 §3.1; jsonwebtoken does not sign so. */
  #ed25519Token(claims: object): string {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const signed = `${encode({ alg: 'EdDSA', kid: this.kid })}.${encode(claims)}`;
    return `${signed}.${signBytes(null, Buffer.from(signed), this.#privateKey).toString('base64url')}`;
  }
}

interface Pair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** RSA keys take a tenth of a second each. No test has more than this many of them. */
const RSA_PAIRS = 4;
const rsaPairs: Pair[] = [];

/** A pair that the last few keys have not. */
function nextRsaPair(): Pair {
  const pair =
    (rsaPairs.length === RSA_PAIRS && rsaPairs.shift()) ||
    generateKeyPairSync('rsa', { modulusLength: 2048 });
  rsaPairs.push(pair);
  return pair;
}

function makePair(type: KeyType): Pair {
  if (type === 'rsa') return nextRsaPair();
  return type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
}

/** A real HTTP endpoint whose keys a test can change, and which can stall, break and flood. */
export class JwksEndpoint {
  keys: { readonly jwk: object }[] = [];
  requests = 0;
  /** What it answers instead of the keys. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly #server = createServer((request, response) => {
    this.requests += 1;
    if (this.answer) this.answer(request, response);
    else
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Waits until a cooldown or an age of one ms is over, by both clocks. */
export async function pastOneMs(): Promise<void> {
  const [date, monotonic] = [Date.now(), performance.now()];
  while (Date.now() - date < 2 || performance.now() - monotonic < 2) await new Promise(setImmediate);
}
