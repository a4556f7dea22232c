import { parse } from 'node:querystring';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { UnauthorizedError } from '../../lib';
import { redactHandshake, takeAuthToken, tokenOfEvent, tokenOfRequest } from '../../lib/token/token-source';
import type { AnySocket } from '../../lib';

const SOURCES = { cookie: 'session', headerOnly: false, maxTokenBytes: 100 };
const TOKEN = 'aaa.bbb.ccc';

interface Parts {
  auth?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, unknown>;
}

/** As much of a socket as is looked at. */
function socketOf({ auth = {}, headers = {}, query = {} }: Parts): AnySocket {
  const handshake = { auth, headers, query: { ...query }, url: '/socket.io/?EIO=4&token=x' };
  return { handshake, request: { headers, _query: query } } as unknown as AnySocket;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as UnauthorizedError).code;
  }
  throw new Error('taken');
}

describe('the token of an event', () => {
  const others: [what: string, payload: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a string', TOKEN],
    ['an object without one', {}],
    ['an empty one', { token: '' }],
    ['null as one', { token: null }],
    ['one that is inherited', Object.create({ token: TOKEN })],
  ];
  it('is its member `token`', () => expect(tokenOfEvent({ token: TOKEN }, SOURCES)).to.equal(TOKEN));

  for (const [what, payload] of others) {
    it(`is none with ${what}`, () => expect(tokenOfEvent(payload, SOURCES)).to.equal(undefined));
  }

  for (const token of [1, true, {}, [TOKEN], Buffer.from(TOKEN), 'x'.repeat(101)]) {
    it(`is refused: ${typeof token} ${JSON.stringify(token).slice(0, 20)}`, () => {
      expect(codeOf(() => tokenOfEvent({ token }, SOURCES))).to.equal('invalid_token');
    });
  }
});

describe('the token of a CONNECT packet', () => {
  for (const shown of [TOKEN, `Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `]) {
    it(`is read from '${shown}', and taken out of the handshake`, () => {
      const socket = socketOf({ auth: { token: shown, theme: 'dark' } });
      expect(takeAuthToken(socket, SOURCES)).to.equal(TOKEN);
      expect(socket.handshake.auth).to.deep.equal({ theme: 'dark' });
    });
  }

  for (const auth of [undefined, null, 1, 'token', {}, { token: '' }, { token: 'Bearer ' }]) {
    it(`is none with ${JSON.stringify(auth)}`, () => {
      expect(takeAuthToken(socketOf({ auth }), SOURCES)).to.equal(undefined);
    });
  }

  it('that is too long is taken out before it is refused', () => {
    const socket = socketOf({ auth: { token: 'x'.repeat(101) } });
    expect(codeOf(() => takeAuthToken(socket, SOURCES))).to.equal('invalid_token');
    expect(socket.handshake.auth).to.deep.equal({});
  });
});

describe('the token of the HTTP request', () => {
  const found: [where: string, parts: Parts][] = [
    ['the header', { headers: { authorization: `Bearer ${TOKEN}` } }],
    [
      'the header, before the query',
      { headers: { authorization: `bearer  ${TOKEN} ` }, query: { token: 'x' } },
    ],
    ['the query', { query: { token: TOKEN } }],
    ['the query, before the cookie', { query: { token: TOKEN }, headers: { cookie: 'session=x' } }],
    ['the cookie', { headers: { cookie: `a=b; session=${TOKEN}; c=d` } }],
    ['the cookie, in quotes', { headers: { cookie: `session="${TOKEN}"` } }],
    [
      'the cookie, where the query is empty',
      { query: { token: '' }, headers: { cookie: `session=${TOKEN}` } },
    ],
    ['the cookie, escaped', { headers: { cookie: `session=${TOKEN.replace('.', '%2E')}` } }],
  ];
  for (const [where, parts] of found) {
    it(`is in ${where}`, () => expect(tokenOfRequest(socketOf(parts), SOURCES)).to.equal(TOKEN));
  }

  const missing: [what: string, parts: Parts][] = [
    ['nothing', {}],
    ['another cookie', { headers: { cookie: 'sessions=x; xsession=y; session' } }],
    ['a cookie that cannot be decoded', { headers: { cookie: 'session=%E0%A4%A' } }],
  ];
  for (const [what, parts] of missing) {
    it(`is none with ${what}`, () => expect(tokenOfRequest(socketOf(parts), SOURCES)).to.equal(undefined));
  }

  for (const authorization of ['', 'Basic abc', 'Bearer', `Bearer ${TOKEN} ${TOKEN}`, `Token ${TOKEN}`]) {
    it(`is refused where the header is '${authorization}'`, () => {
      expect(codeOf(() => tokenOfRequest(socketOf({ headers: { authorization } }), SOURCES))).to.equal(
        'credentials_bad_format',
      );
    });
  }

  it('is in the header only, if that is required', () => {
    const socket = socketOf({ query: { token: TOKEN }, headers: { cookie: `session=${TOKEN}` } });
    expect(tokenOfRequest(socket, { ...SOURCES, headerOnly: true })).to.equal(undefined);
  });

  it('is none without a request', () => {
    const socket = { request: undefined } as unknown as AnySocket;
    expect(tokenOfRequest(socket, SOURCES)).to.equal(undefined);
  });

  it('keeps nothing else of the request alive', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const count = 500;
    const padding = 16_000;
    collect();
    const before = process.memoryUsage().heapUsed;
    const tokens = Array.from({ length: count }, (_, index) => {
      // By way of bytes, as a URL comes.
      const url = Buffer.from(`a=${'x'.repeat(padding)}&token=${TOKEN}.${index}.of-this-client`).toString();
      return tokenOfRequest(socketOf({ query: parse(url) }), SOURCES);
    });
    collect();
    const kept = process.memoryUsage().heapUsed - before;
    expect(tokens).to.have.lengthOf(count);
    expect(kept).to.be.below((count * padding) / 4);
  });
});

describe('a handshake', () => {
  it('shows no token to other nodes: neither header, nor query, nor cookie', () => {
    const socket = socketOf({
      headers: {
        authorization: `Bearer ${TOKEN}`,
        cookie: `a=b; session=${TOKEN}; session=%E0%A4%A`,
        host: 'x',
      },
      query: { token: TOKEN, EIO: '4' },
    });
    redactHandshake(socket, SOURCES);
    expect(socket.handshake).to.deep.include({
      headers: { cookie: 'a=b', host: 'x' },
      query: { EIO: '4' },
      url: '/socket.io/',
    });
    expect(socket.request.headers).to.have.property('authorization');
  });

  it('without a token stays as it is', () => {
    const socket = socketOf({ headers: { cookie: 'a=b', authorization: 'Basic abc' } });
    const { headers, query } = socket.handshake;
    redactHandshake(socket, SOURCES);
    expect(socket.handshake.headers).to.equal(headers);
    expect(socket.handshake.query).to.equal(query);
  });
});
