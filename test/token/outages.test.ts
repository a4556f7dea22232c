import { createServer } from 'node:http';
import { get as getSecurely } from 'node:https';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve4 } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { isOutage, silence } from '../../lib/token/outages';

/** What a call fails with. */
async function faultOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (fault) {
    return fault;
  }
  throw new Error('did not fail');
}

async function requested(request: typeof get, url: string): Promise<void> {
  await new Promise((resolve, reject) => {
    request(url, resolve).on('error', reject);
  });
}

describe('an outage', () => {
  let url: string;
  let free: string;
  const server = createServer((request, response) => {
    if (request.url === '/hang-up') request.socket.destroy();
    // Else it is silent.
    else response.writeHead(200);
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    free = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await new Promise((resolve) => other.close(resolve));
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const real: [what: string, call: () => unknown][] = [
    ['fetch that is refused', () => fetch(free)],
    ['fetch whose connection breaks', () => fetch(`${url}/hang-up`)],
    ['fetch that is aborted', () => fetch(url, { signal: AbortSignal.abort() })],
    ['fetch that takes too long', () => fetch(url, { signal: AbortSignal.timeout(20) })],
    ['a request that is refused', () => requested(get, free)],
    ['a request whose connection breaks', () => requested(get, `${url}/hang-up`)],
    ['a request over TLS to a server without', () => requested(getSecurely, url.replace('http', 'https'))],
    ['a name that cannot be resolved', () => resolve4('127.0.0.1.invalid')],
    ['a file that is not there', () => readFileSync('/nowhere/key.pem')],
  ];
  for (const [what, call] of real) {
    it(`is ${what}, also as the cause of another error`, async () => {
      const fault = await faultOf(call);
      expect(isOutage(fault)).to.equal(true);
      expect(isOutage(new Error('no keys', { cause: new Error('no answer', { cause: fault }) }))).to.equal(
        true,
      );
    });
  }

  const made: [what: string, fault: unknown][] = [
    ['silence', silence(10)],
    ['a name of Bun', Object.assign(new Error('x'), { code: 'ConnectionRefused' })],
    ['a word of Deno', new TypeError('error sending request for url (http://127.0.0.1/)')],
    ['a code of undici', Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' })],
    ['a certificate that has expired', Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' })],
    ['an object that is no Error', { name: 'TimeoutError' }],
  ];
  for (const [what, fault] of made) it(`is ${what}`, () => expect(isOutage(fault)).to.equal(true));

  const refusals: [what: string, fault: unknown][] = [
    ['an Error', new Error('no such token')],
    ['an Error with a code of its own', Object.assign(new Error('x'), { code: 'EXPIRED' })],
    ['an expired token of jose', Object.assign(new Error('x'), { code: 'ERR_JWT_EXPIRED' })],
    ['an Error of crypto', Object.assign(new Error('x'), { code: 'ERR_OSSL_BAD_DECRYPT' })],
    ['an Error whose code is a number', Object.assign(new Error('x'), { code: 401 })],
    ['a TypeError of a verifier', new TypeError('Invalid Compact JWS')],
    ['an Error that says fetch failed', new Error('fetch failed')],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'AbortError'],
  ];
  for (const [what, fault] of refusals) it(`is not ${what}`, () => expect(isOutage(fault)).to.equal(false));

  it('is searched only to a limited depth', () => {
    const circle = new Error('x');
    circle.cause = circle;
    expect(isOutage(circle)).to.equal(false);
  });
});
