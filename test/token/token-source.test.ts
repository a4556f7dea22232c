import { expect } from 'chai';
import { spy } from 'sinon';
import { UnauthorizedError } from '../../lib';
import type { AnySocket } from '../../lib';
import { TokenSource } from '../../lib/token/token-source';
import type { SourceRules } from '../../lib/token/token-source';
import type { Shown } from '../../lib/token/token-text';
import { Rejections } from '../support/rejections';
import { Warnings } from '../support/warnings';

const TOKEN = 'aaa.bbb.ccc';

interface Parts {
  auth?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, unknown>;
  url?: string;
}

/** As much of a socket as is looked at. */
function socketOf({ auth = {}, headers = {}, query = {}, url = '/socket.io/?EIO=4' }: Parts): AnySocket {
  const handshake = { auth, headers, query, url };
  return { handshake, request: { headers, _query: query, url } } as unknown as AnySocket;
}

function source(rules: Partial<SourceRules> = {}): TokenSource {
  return new TokenSource({
    handshake: false,
    maxTokenBytes: 100,
    headerOnly: false,
    cookie: 'session',
    origins: new Set(),
    getToken: undefined,
    ...rules,
  });
}

function codeOf(shown: Shown): string | undefined {
  expect(shown).to.be.instanceOf(UnauthorizedError);
  return (shown as UnauthorizedError).code;
}

describe('the token of an event', () => {
  for (const payload of [{ token: TOKEN }, TOKEN, `Bearer ${TOKEN}\n`, { token: `"${TOKEN}"` }]) {
    it(`is a member, or the argument itself: ${JSON.stringify(payload)}`, () => {
      expect(source().ofEvent(payload)).to.equal(TOKEN);
    });
  }

  const others: [what: string, payload: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['an empty string', ''],
    ['a number', 7],
    ['a list', [TOKEN]],
    ['an object without one', {}],
    ['an empty one', { token: '' }],
    ['null as one', { token: null }],
    ['one that is inherited', Object.create({ token: TOKEN })],
  ];
  for (const [what, payload] of others) {
    it(`is missing with ${what}`, () => expect(source().ofEvent(payload)).to.equal(undefined));
  }

  for (const token of [1, true, {}, [TOKEN], Buffer.from(TOKEN), 'x'.repeat(101)]) {
    it(`is refused: ${typeof token} ${JSON.stringify(token).slice(0, 20)}`, () => {
      expect(codeOf(source().ofEvent({ token }))).to.equal('invalid_token');
    });
  }
});

describe('the token of a CONNECT packet', () => {
  it('is removed from the handshake, together with the private id of recovery', () => {
    const socket = socketOf({
      auth: { token: ` Bearer ${TOKEN}`, pid: 'secret', offset: 'x', theme: 'dark' },
    });
    expect(source().atConnect(socket)).to.equal(TOKEN);
    expect(socket.handshake.auth).to.deep.equal({ offset: 'x', theme: 'dark' });
  });

  for (const auth of [undefined, null, 1, 'token', {}, { token: '' }, { token: 'Bearer ' }]) {
    it(`is missing with ${JSON.stringify(auth)}`, () => {
      expect(source().atConnect(socketOf({ auth }))).to.equal(undefined);
    });
  }

  it('that is too long is removed before it is refused', () => {
    const socket = socketOf({ auth: { token: 'x'.repeat(101) } });
    expect(codeOf(source().atConnect(socket))).to.equal('invalid_token');
    expect(socket.handshake.auth).to.deep.equal({});
  });

  it('is the only one that logs in at connect, except in handshake mode', () => {
    const parts = {
      headers: { authorization: `Bearer ${TOKEN}`, cookie: 'session=x' },
      query: { token: 'x' },
    };
    expect(source().atConnect(socketOf(parts))).to.equal(undefined);
    expect(source({ handshake: true }).atConnect(socketOf(parts))).to.equal(TOKEN);
  });

  it('is preferred to that of the HTTP request in handshake mode, unless the header is required', () => {
    const parts = (): Parts => ({
      auth: { token: 'in-auth' },
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(source({ handshake: true }).atConnect(socketOf(parts()))).to.equal('in-auth');
    const socket = socketOf(parts());
    expect(source({ handshake: true, headerOnly: true }).atConnect(socket)).to.equal(TOKEN);
    expect(socket.handshake).to.deep.include({ auth: {}, headers: {} });
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
    ['the query, with a scheme', { query: { token: `Bearer ${TOKEN}` } }],
    ['the query, before the cookie', { query: { token: TOKEN }, headers: { cookie: 'session=x' } }],
    ['the cookie', { headers: { cookie: `a=b; session=${TOKEN}; c=d` } }],
    ['the first cookie of the name', { headers: { cookie: `session=${TOKEN}; session=x` } }],
    ['the cookie, in quotes', { headers: { cookie: `session="${TOKEN}"` } }],
    ['the cookie, with a scheme', { headers: { cookie: `session=Bearer%20${TOKEN}` } }],
    [
      'the cookie, where the query is empty',
      { query: { token: '' }, headers: { cookie: `session=${TOKEN}` } },
    ],
    ['the cookie, escaped', { headers: { cookie: `session=${TOKEN.replace('.', '%2E')}` } }],
  ];
  for (const [where, parts] of found) {
    it(`is in ${where}`, () => expect(source().ofRequest(socketOf(parts))).to.equal(TOKEN));
  }

  const missing: [what: string, parts: Parts][] = [
    ['nothing', {}],
    // For a browser a no-break space belongs to the name, which then has none of the rules of `__Host-`.
    ...['\u00A0', '\u000B', '\uFEFF'].map((space): [string, Parts] => [
      `a cookie whose name begins with ${encodeURIComponent(space)}`,
      { headers: { cookie: `${space}session=${TOKEN}; session${space}=${TOKEN}` } },
    ]),
    ['another cookie', { headers: { cookie: 'sessions=x; xsession=y; session' } }],
    ['a cookie that cannot be decoded', { headers: { cookie: 'session=%E0%A4%A' } }],
    ['an empty cookie', { headers: { cookie: 'session=' } }],
  ];
  for (const [what, parts] of missing) {
    it(`is missing with ${what}`, () => expect(source().ofRequest(socketOf(parts))).to.equal(undefined));
  }

  it('is refused if the header is not Bearer', () => {
    const socket = socketOf({ headers: { authorization: 'Basic abc', cookie: `session=${TOKEN}` } });
    expect(codeOf(source().ofRequest(socket))).to.equal('credentials_bad_format');
  });

  it('is refused if the text that the client sent is too long', () => {
    for (const cookie of [`session=${'x'.repeat(101)}`, `session=${'%41'.repeat(40)}`]) {
      expect(codeOf(source().ofRequest(socketOf({ headers: { cookie } })))).to.equal('invalid_token');
    }
    expect(codeOf(source().ofRequest(socketOf({ query: { token: 'x'.repeat(101) } })))).to.equal(
      'invalid_token',
    );
    expect(codeOf(source().ofRequest(socketOf({ query: { token: [TOKEN] } })))).to.equal('invalid_token');
  });

  it('is read only from the header, if that is required', () => {
    const socket = socketOf({ query: { token: TOKEN }, headers: { cookie: `session=${TOKEN}` } });
    expect(source({ headerOnly: true }).ofRequest(socket)).to.equal(undefined);
  });

  for (const request of [null, undefined]) {
    it(`is missing without a request, as over WebTransport: ${request}`, () => {
      const socket = { request, handshake: { headers: {}, query: {}, auth: { token: TOKEN } } };
      const tokens = source({ handshake: true });
      expect(tokens.ofRequest(socket as unknown as AnySocket)).to.equal(undefined);
      expect(tokens.atConnect(socket as unknown as AnySocket)).to.equal(TOKEN);
    });
  }

  it('has its cookies parsed once, however often it is requested', () => {
    const { headers, ...others } = socketOf({ headers: { cookie: `a=b; session=${TOKEN}` } }).request;
    const request = { ...others, headers };
    const tokens = source({ handshake: true });
    const split = spy(String.prototype, 'split');
    try {
      for (let times = 0; times < 5; times += 1) {
        const handshake = { auth: {}, headers: request.headers, query: {}, url: '/' };
        const socket = { request, handshake } as unknown as AnySocket;
        expect(tokens.ofRequest(socket)).to.equal(TOKEN);
        expect(tokens.shown(socket)).to.equal(TOKEN);
        expect(tokens.atConnect(socket)).to.equal(TOKEN);
        expect(socket.handshake.headers).to.deep.equal({ cookie: 'a=b' });
      }
      // Once for the token, and once for the header without it.
      const headersRead = split.thisValues.filter((text) => String(text).includes('session='));
      expect(headersRead).to.have.length(2);
    } finally {
      split.restore();
    }
  });
});

describe('a cookie from a page of another origin', () => {
  let warnings: Warnings;
  beforeEach(() => (warnings = new Warnings()));
  afterEach(() => warnings.close());

  const evil = { origin: 'https://evil.example', host: 'chat.example', cookie: `session=${TOKEN}` };

  it('is ignored, and the first such origin is reported once', async () => {
    const tokens = source({ handshake: true });
    expect(tokens.atConnect(socketOf({ headers: evil }))).to.equal(undefined);
    expect(tokens.ofRequest(socketOf({ headers: { ...evil, origin: 'https://other.example' } }))).to.equal(
      undefined,
    );
    const { message } = await warnings.next();
    expect(message).to.include('"https://evil.example"').and.to.include('options.origins');
  });

  it('is reported with a bounded text', async () => {
    source().ofRequest(socketOf({ headers: { ...evil, origin: 'x'.repeat(10_000) } }));
    expect((await warnings.next()).message).to.have.length.below(1000);
  });

  it('is removed from the handshake all the same', async () => {
    const socket = socketOf({ headers: evil });
    source().atConnect(socket);
    expect(socket.handshake.headers).not.to.have.property('cookie');
    source().ofRequest(socket);
    await warnings.next();
  });

  it('is accepted if the origin is listed', () => {
    const tokens = source({ origins: new Set(['https://evil.example']) });
    expect(tokens.ofRequest(socketOf({ headers: evil }))).to.equal(TOKEN);
  });

  it('is not reported if there is no such cookie, or another token', () => {
    const { cookie: _, ...headers } = evil;
    expect(source().ofRequest(socketOf({ headers: { ...headers, cookie: 'a=b' } }))).to.equal(undefined);
    expect(source().ofRequest(socketOf({ headers: evil, query: { token: TOKEN } }))).to.equal(TOKEN);
    expect(source({ cookie: undefined }).ofRequest(socketOf({ headers: evil }))).to.equal(undefined);
  });
});

describe('the token that a client sends with a recovery id', () => {
  const request = { headers: { cookie: `session=${TOKEN}` } };

  it('is the token of the CONNECT packet, else that of the HTTP request, in both modes', () => {
    for (const handshake of [false, true]) {
      expect(source({ handshake }).shown(socketOf({ ...request, auth: { token: 'in-auth' } }))).to.equal(
        'in-auth',
      );
      expect(source({ handshake }).shown(socketOf(request))).to.equal(TOKEN);
      expect(source({ handshake }).shown(socketOf({}))).to.equal(undefined);
    }
  });

  it('can be read again, and serves for the login too', () => {
    for (const handshake of [false, true]) {
      const tokens = source({ handshake });
      const socket = socketOf({ ...request, auth: { token: 'in-auth' } });
      expect(tokens.shown(socket)).to.equal('in-auth');
      expect(tokens.shown(socket)).to.equal('in-auth');
      expect(socket.handshake).to.deep.include({ auth: {}, headers: {} });
      expect(tokens.atConnect(socket)).to.equal('in-auth');
      // It is remembered for that, and no longer.
      expect(tokens.atConnect(socket)).not.to.equal('in-auth');
    }
  });

  it('does not log in in event mode, if it is from the HTTP request', () => {
    const tokens = source();
    const socket = socketOf(request);
    expect(tokens.shown(socket)).to.equal(TOKEN);
    expect(tokens.atConnect(socket)).to.equal(undefined);
    expect(tokens.ofRequest(socket)).to.equal(TOKEN);
  });

  it('may be a refusal', () => {
    for (const handshake of [false, true])
      expect(codeOf(source({ handshake }).shown(socketOf({ auth: { token: 7 } })))).to.equal('invalid_token');
  });

  it("is missing if the header has a proxy's own login, except in handshake mode", () => {
    const headers = { authorization: 'Basic abc' };
    expect(source().shown(socketOf({ headers }))).to.equal(undefined);
    expect(codeOf(source({ handshake: true }).shown(socketOf({ headers })))).to.equal(
      'credentials_bad_format',
    );
  });
});

describe('getToken', () => {
  let warnings: Warnings;
  let rejections: Rejections;
  beforeEach(() => {
    warnings = new Warnings();
    rejections = new Rejections();
  });
  afterEach(async () => {
    warnings.close();
    await rejections.close();
  });

  const fromHeader = (socket: AnySocket): string | undefined => socket.handshake.headers['x-token'] as string;

  it('is used instead of the built-in places in handshake mode', () => {
    const tokens = source({ handshake: true, getToken: fromHeader });
    const others = { auth: { token: 'x' }, query: { token: 'y' }, headers: { cookie: 'session=z' } };
    expect(tokens.atConnect(socketOf(others))).to.equal(undefined);
    const headers = { ...others.headers, 'x-token': `Bearer ${TOKEN}` };
    const socket = socketOf({ ...others, auth: { token: 'x' }, headers });
    expect(tokens.atConnect(socket)).to.equal(TOKEN);
    // The built-in places are emptied all the same.
    expect(socket.handshake).to.deep.include({ auth: {}, query: {}, headers: {}, url: '/socket.io/' });
    expect(tokens.ofRequest(socket)).to.equal(TOKEN);
  });

  it('serves a first authenticate in event mode, although its result is removed at connect', () => {
    const tokens = source({ getToken: fromHeader });
    const socket = socketOf({ headers: { 'x-token': TOKEN, host: 'x' } });
    expect(tokens.atConnect(socket)).to.equal(undefined);
    expect(socket.handshake.headers).to.deep.equal({ host: 'x' });
    expect(tokens.ofRequest(socket)).to.equal(TOKEN);
    expect(tokens.ofRequest(socketOf({}))).to.equal(undefined);
  });

  it('has its token removed from all other places, with a scheme or without', () => {
    const tokens = source({ handshake: true, getToken: fromHeader });
    for (const shown of [TOKEN, 'x'.repeat(101)]) {
      const headers = { 'x-token': `Bearer ${shown}`, host: 'x' };
      const socket = socketOf({ headers, auth: { copies: [`Bearer ${shown}`, 'x'] } });
      tokens.atConnect(socket);
      expect(socket.handshake.headers).to.deep.equal({ host: 'x' });
      expect(JSON.stringify(socket.handshake.auth)).to.equal('{"copies":[null,"x"]}');
    }
    const bare = socketOf({ headers: { 'x-token': `Bearer ${TOKEN}` }, query: { jwt: TOKEN } });
    tokens.atConnect(bare);
    expect(bare.handshake).to.deep.include({ headers: {}, query: {} });
  });

  it('may return another token for each socket of a connection, and a request is searched once for each', () => {
    const tokens = source({
      handshake: true,
      getToken: ({ handshake }) => (handshake.auth as { jwt: string }).jwt,
    });
    const { request } = socketOf({ headers: { 'x-a': 'aaa', 'x-b': 'bbb' } });
    const connect = (jwt: string): AnySocket => {
      const { headers, url } = request;
      const socket = {
        handshake: { auth: { jwt }, headers, query: {}, url },
        request,
      } as unknown as AnySocket;
      expect(tokens.atConnect(socket)).to.equal(jwt);
      expect(socket.handshake.auth).to.deep.equal({});
      return socket;
    };
    const [a, b, none] = ['aaa', 'bbb', 'ccc'].map((jwt) => connect(jwt).handshake.headers);
    expect([a, b, none]).to.deep.equal([{ 'x-b': 'bbb' }, { 'x-a': 'aaa' }, request.headers]);
  });

  it('has its token removed on a connection without an HTTP request', () => {
    const tokens = source({ getToken: ({ handshake }) => (handshake.auth as { jwt: string }).jwt });
    const socket = socketOf({ auth: { jwt: TOKEN } });
    tokens.atConnect(Object.assign(socket, { request: undefined }));
    expect(socket.handshake.auth).to.deep.equal({});
  });

  it('does not replace the token of the CONNECT packet in event mode', () => {
    const tokens = source({ getToken: fromHeader });
    expect(
      tokens.atConnect(socketOf({ auth: { token: 'in-auth' }, headers: { 'x-token': TOKEN } })),
    ).to.equal('in-auth');
    expect(tokens.shown(socketOf({ headers: { 'x-token': TOKEN } }))).to.equal(TOKEN);
  });

  it('sees the handshake as the client sent it', () => {
    const getToken = ({ handshake }: AnySocket): string =>
      [
        (handshake.auth as { token: string }).token,
        handshake.query['token'],
        handshake.headers.authorization,
      ].join('');
    const socket = socketOf({
      auth: { token: 'a' },
      query: { token: 'b' },
      headers: { authorization: 'Bearer c' },
    });
    expect(source({ handshake: true, getToken }).atConnect(socket)).to.equal('abBearer c');
  });

  it('is called once for each socket', () => {
    let asked = 0;
    const tokens = source({ handshake: true, getToken: () => `token-${(asked += 1)}` });
    const socket = socketOf({});
    expect(tokens.shown(socket)).to.equal('token-1');
    expect(tokens.atConnect(socket)).to.equal('token-1');
    expect(tokens.ofRequest(socket)).to.equal('token-1');
  });

  for (const given of [undefined, null, '', ' ']) {
    it(`may return no token: ${JSON.stringify(given)}`, () => {
      const headers = { host: 'x' };
      const socket = socketOf({ headers });
      expect(source({ handshake: true, getToken: () => given }).atConnect(socket)).to.equal(undefined);
      expect(socket.handshake.headers).to.equal(headers);
    });
  }

  it('may return a number, a list or a long text from the client, which is refused', () => {
    for (const jwt of [7, [TOKEN], { a: 1 }, 'x'.repeat(101)]) {
      const socket = socketOf({ auth: { jwt, theme: 'dark' } });
      const getToken = ({ handshake }: AnySocket): string => (handshake.auth as { jwt: string }).jwt;
      expect(codeOf(source({ handshake: true, getToken }).atConnect(socket))).to.equal('invalid_token');
      expect(socket.handshake.auth).to.deep.equal({ theme: 'dark' });
    }
  });

  const faults: [what: string, getToken: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['gives a promise', () => Promise.resolve(TOKEN)],
    ['gives a promise that rejects', () => Promise.reject(new Error('oops'))],
  ];
  for (const [what, getToken] of faults) {
    it(`that ${what} refuses with unknown, and is reported once`, async () => {
      const tokens = source({ handshake: true, getToken });
      for (let times = 0; times < 2; times += 1)
        expect(codeOf(tokens.atConnect(socketOf({})))).to.equal('unknown');
      expect((await warnings.next()).message).to.equal('options.getToken failed');
    });
  }

  it('may refuse by an UnauthorizedError of its own', () => {
    const getToken = (): never => {
      throw new UnauthorizedError('no_proxy');
    };
    expect(codeOf(source({ handshake: true, getToken }).atConnect(socketOf({})))).to.equal('no_proxy');
  });
});

describe('a handshake', () => {
  it('shows other nodes no token: neither header, nor query, nor cookie', () => {
    const socket = socketOf({
      headers: {
        authorization: `Bearer ${TOKEN}`,
        cookie: `a=b; session=${TOKEN}; session=%E0%A4%A`,
        host: 'x',
      },
      query: { token: TOKEN, EIO: '4' },
      url: `/socket.io/?EIO=4&token=${TOKEN}`,
    });
    source().atConnect(socket);
    expect(socket.handshake).to.deep.include({
      headers: { cookie: 'a=b', host: 'x' },
      query: { EIO: '4' },
      url: '/socket.io/',
    });
    expect(socket.request.headers).to.have.property('authorization');
  });

  it("shows the other cookies, at any position of the token's cookie", () => {
    for (const cookie of ['session=x; a=b', 'a=b;session=x', ' session = x ; a=b']) {
      const socket = socketOf({ headers: { cookie } });
      source().atConnect(socket);
      expect(socket.handshake.headers).to.deep.equal({ cookie: 'a=b' });
    }
  });

  it('shows no token in quotes', () => {
    const socket = socketOf({ headers: { authorization: ` "bearer ${TOKEN}"` } });
    source().atConnect(socket);
    expect(socket.handshake.headers).to.deep.equal({});
  });

  it('keeps credentials of another scheme when a cookie is removed', () => {
    const socket = socketOf({ headers: { authorization: 'Basic abc', cookie: 'session=x' } });
    source().atConnect(socket);
    expect(socket.handshake.headers).to.deep.equal({ authorization: 'Basic abc' });
  });

  it('without a token stays as it is', () => {
    const socket = socketOf({ headers: { cookie: 'a=b', authorization: 'Basic abc' } });
    const { headers, query, url } = socket.handshake;
    source().atConnect(socket);
    expect(socket.handshake.headers).to.equal(headers);
    expect(socket.handshake.query).to.equal(query);
    expect(socket.handshake.url).to.equal(url);
  });
});
