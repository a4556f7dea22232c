import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { jwksVerifier } from '../../lib/jwks';
import type { FetchLike, JwksVerifier, JwksVerifierOptions } from '../../lib/jwks';
import { fetchDocument } from '../../lib/jwks/fetch';
import { JwksEndpoint, pastOneMs, SigningKey } from '../support/jwks-endpoint';
import undici, { ProxyAgent } from 'undici';
import { Proxy } from '../support/proxy';
import { refusalOf } from '../support/verdicts';

const NO_KEY = {
  code: 'invalid_secret',
  reason: 'key_unavailable',
  retryable: true,
  message: 'no key for this token',
};

describe('a JWKS endpoint', () => {
  let endpoint: JwksEndpoint;
  const key = new SigningKey('one', 'ec');

  beforeEach(async () => {
    endpoint = await new JwksEndpoint().listen();
    endpoint.keys = [key];
  });
  afterEach(() => endpoint.close());

  const verifier = (options: Partial<JwksVerifierOptions> = {}): JwksVerifier =>
    jwksVerifier({ jwksUri: endpoint.uri, timeout: 3_000, cooldown: 1, ...options });
  const lets = async (verify: JwksVerifier): Promise<void> => {
    await pastOneMs();
    expect(await verify(key.token({ sub: 'bob' }))).to.include({ sub: 'bob' });
  };

  const faults: [what: string, answer: JwksEndpoint['answer']][] = [
    ['is down with an error', (_request, response) => response.writeHead(503).end('down')],
    [
      'breaks off',
      (_request, response) =>
        response.writeHead(200, { 'content-length': '99' }).end('{"ke', () => response.destroy()),
    ],
    ['hangs up', (_request, response) => response.destroy()],
    ['answers what is no JSON', (_request, response) => response.end('<html>')],
    ['answers nothing', (_request, response) => response.writeHead(204).end()],
    ['answers an empty body', (_request, response) => response.end()],
    ['answers a number', (_request, response) => response.end('7')],
    ['answers a list', (_request, response) => response.end('[]')],
    ['answers an object', (_request, response) => response.end('{}')],
    ['answers an empty key set', (_request, response) => response.end('{"keys":[]}')],
    ['answers keys that are none', (_request, response) => response.end('{"keys":[null,7,{"kty":"RSA"}]}')],
    [
      'answers another status with keys',
      (_request, response) => response.writeHead(203).end(JSON.stringify({ keys: [key.jwk] })),
    ],
    ['stalls', () => undefined],
    ['stalls in the middle', (_request, response) => response.write('{"keys":')],
    ['answers 10 MB', (_request, response) => response.end(`{"keys":[],"x":"${'x'.repeat(10_000_000)}"}`)],
    ['never ends', (_request, response) => pour(response)],
    ['redirects to itself', (request, response) => response.writeHead(302, { location: request.url }).end()],
  ];
  for (const [what, answer] of faults) {
    it(`that ${what} has tokens refused with invalid_secret, and accepted once it is back`, async () => {
      endpoint.answer = answer;
      const verify = verifier();
      expect(await refusalOf(verify(key.token()))).to.include(NO_KEY);
      endpoint.answer = undefined;
      await lets(verify);
    });
  }

  it('that redirects to other keys is not followed', async () => {
    const other = await new JwksEndpoint().listen();
    other.keys = [key];
    endpoint.answer = (_request, response) => response.writeHead(302, { location: other.uri }).end();
    expect(await refusalOf(verifier()(key.token()))).to.include(NO_KEY);
    expect(other.requests).to.equal(0);
    await other.close();
  });

  describe("that is requested by the application's fetch", () => {
    it('is requested with the limits of the options', async () => {
      const calls: Parameters<FetchLike>[] = [];
      await lets(
        verifier({
          fetch: (...args) => {
            calls.push(args);
            return fetch(...args);
          },
        }),
      );
      expect(calls).to.have.length(1);
      const [url, { method, redirect, signal }] = calls[0] as Parameters<FetchLike>;
      expect({ url, method, redirect }).to.deep.equal({
        url: endpoint.uri,
        method: 'GET',
        redirect: 'manual',
      });
      expect(signal).to.be.instanceOf(AbortSignal);
    });

    const bytes = Buffer.from(JSON.stringify({ keys: [key.jwk] }));
    async function* stream(...chunks: unknown[]): AsyncGenerator {
      yield* chunks;
    }
    const answers =
      (response: unknown): FetchLike =>
      () =>
        Promise.resolve(response as Response);

    it('may answer a Node stream, as with node-fetch', async () => {
      await lets(verifier({ fetch: answers({ status: 200, body: stream(bytes) }) }));
    });

    const odd: [what: string, fetch: FetchLike][] = [
      [
        'throws',
        () => {
          throw new Error('hunter2');
        },
      ],
      ['rejects', () => Promise.reject(new Error('hunter2'))],
      ['rejects with nothing', () => Promise.reject(undefined)],
      ['gives nothing', answers(undefined)],
      ['gives no body', answers({ status: 200 })],
      ['gives a body that is no stream', answers({ status: 200, body: 7 })],
      ['gives a body of something else', answers({ status: 200, body: stream({}, {}) })],
      ['has followed a redirect', answers({ status: 200, redirected: true, body: stream(bytes) })],
      ['never answers, and takes no notice of the signal', () => new Promise(() => undefined)],
      [
        'gives a body that never ends, and takes no notice of the signal',
        answers({
          status: 200,
          body: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
        }),
      ],
    ];
    for (const [what, fetch] of odd) {
      it(`has tokens refused with invalid_secret if that fetch ${what}`, async () => {
        let isOdd = true;
        const verify = verifier({
          fetch: (...args) => (isOdd ? fetch : globalThis.fetch)(...args),
        });
        expect(await refusalOf(verify(key.token()))).to.include(NO_KEY);
        isOdd = false;
        await lets(verify);
      });
    }

    it('is not requested once the time is over', async () => {
      let asked = 0;
      const bounds = { signal: AbortSignal.abort(new Error('too late')), fetch: answers({ status: 200 }) };
      const fetch: FetchLike = (...args) => {
        asked += 1;
        return bounds.fetch(...args);
      };
      const fault = await fetchDocument(endpoint.uri, { ...bounds, fetch }).catch(
        (error: Error) => error.message,
      );
      expect({ fault, asked }).to.deep.equal({ fault: 'too late', asked: 0 });
    });

    it('has no more of a slow body read once the time is over', async () => {
      let taken = 0;
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      async function* slow(): AsyncGenerator<Buffer> {
        try {
          for (;;) {
            taken += 1;
            yield Buffer.from(' ');
            await new Promise(setImmediate);
          }
        } finally {
          end();
        }
      }
      const verify = verifier({ timeout: 20, fetch: answers({ status: 200, body: slow() }) });
      expect(await refusalOf(verify(key.token()))).to.include(NO_KEY);
      await ended;
      expect(taken).to.be.above(0);
    });
  });

  it("is reached through a proxy by undici's ProxyAgent, as the option's documentation shows it", async () => {
    const proxy = await new Proxy().listen();
    const dispatcher = new ProxyAgent(proxy.url);
    const fetch: FetchLike = (url, init) => undici.fetch(url, { ...init, dispatcher });
    await lets(verifier({ timeout: 30_000, fetch }));
    expect(proxy.requests).to.have.length(1);
    expect(proxy.requests[0]).to.include(new URL(endpoint.uri).host);
    await dispatcher.close();
    await proxy.close();
  });

  for (const how of ['CONNECT', 'GET'] as const) {
    it(`is reached through a proxy by the application's fetch, by ${how}`, async () => {
      const proxy = await new Proxy().listen();
      const verify = verifier({ timeout: 30_000, fetch: (url, init) => proxy.fetch(how, url, init) });
      await lets(verify);
      expect(proxy.requests).to.deep.equal([
        `${how} ${how === 'GET' ? endpoint.uri : new URL(endpoint.uri).host}`,
      ]);
      await proxy.close();
      await lets(verify);
      expect(await refusalOf(verify(new SigningKey('two', 'ec').token()))).to.include(NO_KEY);
    });
  }
});

/** Writes until the other side has had enough. */
function pour(response: ServerResponse): void {
  const chunk = 'x'.repeat(65_536);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
