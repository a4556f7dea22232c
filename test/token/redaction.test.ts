import { expect } from 'chai';
import type { AnySocket } from '../../lib';
import { Redaction, withoutQuery } from '../../lib/token/redaction';
import { cpuOf, leastRatio } from '../support/cost';

const TOKEN = 'aaa.bbb+/ccc=';
type Handshake = AnySocket['handshake'];

function hide(parts: object, given: unknown = TOKEN, redaction = new Redaction()): Handshake {
  const handshake = { headers: {}, query: {}, auth: {}, url: '/socket.io/?EIO=4', ...parts } as Handshake;
  redaction.hide(handshake, given, typeof given === 'string' ? given : undefined);
  return handshake;
}

describe('the result of getToken', () => {
  const encoded = encodeURIComponent(TOKEN);
  const forms: [what: string, text: string][] = [
    ['as it is', TOKEN],
    ['with a scheme', `Token ${TOKEN}`],
    ['among other text', `chat, ${TOKEN}, v2`],
    ['percent-encoded', `/chat?jwt=${encoded}`],
    ['in Base64', Buffer.from(TOKEN).toString('base64')],
    ['in base64url, as a subprotocol', `chat, bearer.${Buffer.from(TOKEN).toString('base64url')}`],
    ['percent-encoded beside what cannot be decoded', `100% ${encoded} %E0%A4`],
  ];
  for (const [what, text] of forms) {
    it(`is removed from headers, query, target and auth, ${what}`, () => {
      const handshake = hide({
        headers: { 'x-token': text, 'x-list': ['a', text], host: 'x' },
        query: { jwt: text, list: ['a', text], EIO: '4' },
        url: `/socket.io/?EIO=4&jwt=${text}`,
        auth: { jwt: text, [text]: 1, theme: 'dark', deep: [{ jwt: text, a: 1 }] },
      });
      expect(JSON.parse(JSON.stringify(handshake))).to.deep.equal({
        headers: { host: 'x' },
        query: { EIO: '4' },
        url: '/socket.io/',
        auth: { theme: 'dark', deep: [{ a: 1 }] },
      });
    });
  }

  it('is removed with the cookies that contain it, and the others stay', () => {
    expect(hide({ headers: { cookie: `a=b; jwt=${TOKEN}; c=d; x=${encoded}` } }).headers).to.deep.equal({
      cookie: 'a=b; c=d',
    });
    expect(hide({ headers: { cookie: `jwt=${TOKEN}; a=b`, host: 'x' } }).headers).to.deep.equal({
      cookie: 'a=b',
      host: 'x',
    });
    expect(hide({ headers: { cookie: `jwt=${TOKEN}`, host: 'x' } }).headers).to.deep.equal({ host: 'x' });
  });

  it('is removed with the whole cookie header, if it is that header', () => {
    const cookie = 'a=b; c=d';
    expect(hide({ headers: { cookie } }, cookie).headers).to.deep.equal({});
  });

  it('is removed from the path too', () => {
    expect(hide({ url: `/socket.io/${TOKEN}/?EIO=4` }).url).to.equal('');
  });

  it('is removed from lists of auth, whose other items keep their places', () => {
    expect(JSON.stringify(hide({ auth: { list: ['a', TOKEN, 'b'] } }).auth)).to.equal(
      '{"list":["a",null,"b"]}',
    );
  });

  it('does not change or copy data without it', () => {
    const parts = { headers: { host: '100%' }, query: { EIO: '%34' }, auth: { theme: '%64ark' } };
    const handshake = hide(parts);
    expect(handshake.headers).to.equal(parts.headers);
    expect(handshake.query).to.equal(parts.query);
    expect(handshake).to.deep.include({ auth: { theme: '%64ark' }, url: '/socket.io/?EIO=4' });
  });

  it('is removed as a whole if it is not a string', () => {
    const list = [TOKEN];
    const handshake = hide({ query: { jwt: list, EIO: '4' }, auth: { jwt: list, other: [TOKEN] } }, list);
    expect(handshake.query).to.deep.equal({ EIO: '4' });
    expect(handshake.auth).to.deep.equal({ other: [TOKEN] });
  });

  it("is not removed from the application's objects", () => {
    class Session {
      jwt = TOKEN;
    }
    const session = new Session();
    hide({ auth: { session } });
    expect(session.jwt).to.equal(TOKEN);
  });

  it('is found if auth is no object, frozen, circular, or without a prototype', () => {
    const circle: Record<string, unknown> = { jwt: TOKEN };
    circle['self'] = circle;
    hide({ auth: circle });
    expect(circle).not.to.have.property('jwt');
    const bare = Object.assign(Object.create(null) as object, { jwt: TOKEN });
    hide({ auth: bare });
    expect(bare).not.to.have.property('jwt');
    for (const auth of [undefined, null, 7, Object.freeze({ jwt: TOKEN })]) hide({ auth });
  });

  it('costs time that is linear in the packet, however deep or wide it is', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(150_000)}"${TOKEN}"${'}'.repeat(150_000)}`) as object;
    const wide = JSON.parse(`{"a":[${'{},'.repeat(250_000)}"${TOKEN}"]}`) as { a: unknown[] };
    const cost = await cpuOf(() => {
      hide({ auth: deep });
      hide({ auth: wide });
    });
    expect(cost).to.be.below(5000);
    expect(wide.a[250_000]).to.equal(undefined);
  });
});

describe('the results of getToken for the sockets of one connection', () => {
  let redaction: Redaction;
  beforeEach(() => {
    redaction = new Redaction();
  });

  const url = '/socket.io/?EIO=4';

  it('are each removed for their own socket', () => {
    const request = { headers: { 'x-a': 'token a', 'x-b': 'token%20b' }, query: { EIO: '4' }, url };
    for (let times = 0; times < 2; times += 1) {
      expect(hide(request, 'token a', redaction).headers).to.deep.equal({ 'x-b': 'token%20b' });
      expect(hide(request, 'token b', redaction).headers).to.deep.equal({ 'x-a': 'token a' });
      expect(hide(request, 'token c', redaction)).to.include(request);
    }
  });

  it('are removed from the auth of each', () => {
    const request = { headers: { 'x-a': TOKEN }, query: {}, url };
    for (let times = 0; times < 2; times += 1) {
      const { auth, headers } = hide({ ...request, auth: { jwt: TOKEN, a: 1 } }, TOKEN, redaction);
      expect({ auth, headers }).to.deep.equal({ auth: { a: 1 }, headers: {} });
    }
  });

  it('share one copy of the headers', () => {
    const request = { headers: { 'x-a': TOKEN, host: 'x' }, query: {}, url };
    const { headers } = hide(request, TOKEN, redaction);
    expect(headers).to.deep.equal({ host: 'x' });
    expect(hide(request, TOKEN, redaction).headers).to.equal(headers);
  });

  it('are searched again in parts that the application has replaced', () => {
    const request = { headers: { 'x-a': TOKEN }, query: { EIO: '4' }, url };
    hide(request, TOKEN, redaction);
    // Many times: they are no more results.
    for (let times = 0; times < 20; times += 1) {
      for (const parts of [
        { headers: { 'x-b': TOKEN, host: 'x' } },
        { headers: { 'x-a': TOKEN, host: 'x' }, query: { jwt: TOKEN } },
        { headers: { host: 'x' }, url: `/socket.io/?jwt=${TOKEN}` },
      ])
        expect(JSON.stringify(hide({ ...request, ...parts }, TOKEN, redaction))).to.not.contain(TOKEN);
    }
    expect(hide({ ...request, headers: { host: 'x' } }, TOKEN, redaction).headers).to.deep.equal({
      host: 'x',
    });
  });

  it('are found in headers that the application has changed for each', () => {
    const headers: Record<string, string> = {};
    for (const token of ['%61', '%62', '%61%61'].map(decodeURIComponent)) {
      headers['x-token'] = `100% ${encodeURIComponent(token)}`;
      expect(hide({ headers }, token, redaction).headers).to.deep.equal({});
    }
  });

  it('leave nothing of the request visible after sixteen that it holds', () => {
    const names = Array.from({ length: 17 }, (_, index) => `token-${String.fromCodePoint(97 + index)}`);
    const request = {
      headers: { host: 'x', ...Object.fromEntries(names.map((name) => [name, '1'])) },
      query: { EIO: '4' },
      url,
    };
    for (const name of names.slice(0, 16))
      expect(Object.keys(hide(request, name, redaction).headers)).to.have.length(17);
    expect(hide(request, names[16], redaction)).to.deep.equal({ headers: {}, query: {}, url: '', auth: {} });
    expect(hide(request, names[15], redaction).headers).to.include({ host: 'x', 'token-a': '1' });
  });

  it('are removed once more if they are no string', () => {
    const list = [TOKEN];
    const request = { headers: {}, query: { jwt: list, EIO: '4' }, url };
    for (let times = 0; times < 2; times += 1)
      expect(hide(request, list, redaction).query).to.deep.equal({ EIO: '4' });
  });

  const headers = { cookie: `a=${'%zz'.repeat(4500)}`, 'x-token': TOKEN };
  for (const [where, given] of [
    ['in the request', TOKEN],
    ['elsewhere', 'another-token'],
  ] as const) {
    it(`are found without decoding the request for each, if they are ${where}`, async () => {
      const request = { headers, query: {}, url };
      const rounds = 2000;
      const ratio = await leastRatio(
        () =>
          cpuOf(() => {
            for (let round = 0; round < rounds; round += 1) hide(request, given, redaction);
          }),
        () =>
          cpuOf(() => {
            for (let round = 0; round < rounds; round += 1) hide(request, given);
          }),
        0.5,
      );
      expect(ratio).to.be.below(0.5);
    });
  }
});

describe('a target', () => {
  it('has its query removed', () => {
    expect(withoutQuery('/socket.io/?a=b?c\nd')).to.equal('/socket.io/');
    expect(withoutQuery('/socket.io/')).to.equal('/socket.io/');
  });
});
