import { expect } from 'chai';
import { foreignOriginOf, normalizeOrigin } from '../../lib/token/origin';

describe('an origin', () => {
  const forms: [text: string, origin: string][] = [
    ['https://app.example.com', 'https://app.example.com'],
    ['HTTPS://App.Example.COM', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['HTTPS://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80', 'http://app.example.com'],
    ['http://app.example.com:443', 'http://app.example.com:443'],
    ['https://app.example.com:8443', 'https://app.example.com:8443'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['Chrome-Extension://ABCDEF', 'chrome-extension://abcdef'],
  ];
  for (const [text, origin] of forms) {
    it(`is normalized: ${text}`, () => expect(normalizeOrigin(text)).to.equal(origin));
  }

  for (const text of [
    '',
    'null',
    'app.example.com',
    '//app.example.com',
    'https://',
    'https:///',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://app.example.com?',
    'https://app.example.com#',
    'https://bob@app.example.com',
    'https://app.example.com\\@evil.example',
    'https://*.example.com',
    'https://a.example, https://b.example',
    'https://a.example https://b.example',
    ' https://app.example.com',
    'https://app.example.com:x',
    'https://[::1',
    '*',
    'file:',
  ]) {
    it(`is invalid: ${JSON.stringify(text)}`, () => expect(normalizeOrigin(text)).to.equal(undefined));
  }
});

describe('a request that carries a cookie', () => {
  interface Parts {
    origin?: string;
    host?: string;
    encrypted?: boolean;
    query?: object;
    headers?: Record<string, string>;
  }
  const OTHERS = new Set(['https://app.example.com', 'capacitor://localhost']);

  function foreign({ origin, host, encrypted, query, headers = {} }: Parts): string | undefined {
    const known = {
      ...headers,
      ...(origin !== undefined && { origin }),
      ...(host !== undefined && { host }),
    };
    const socket = encrypted === undefined ? {} : { encrypted };
    return foreignOriginOf({ headers: known, socket, _query: query }, OTHERS);
  }

  const own: [what: string, parts: Parts][] = [
    ['without Origin: no browser, or a page of its own over polling', { host: 'chat.example' }],
    ['without Origin and without Host', {}],
    ['of its own host', { origin: 'https://chat.example', host: 'chat.example' }],
    ['of its own host, over HTTP', { origin: 'http://chat.example', host: 'chat.example' }],
    ['of its own host, in any case', { origin: 'http://Chat.Example', host: 'CHAT.example' }],
    ['of its own host and port', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' }],
    [
      'of its own host, whose default port a proxy names',
      { origin: 'https://chat.example', host: 'chat.example:443' },
    ],
    ['of its own address in IPv6', { origin: 'http://[::1]:3000', host: '[::1]:3000' }],
    ['of its own address in IPv6, written out', { origin: 'http://[::1]', host: '[0:0:0:0:0:0:0:1]:80' }],
    ['of its own host, over TLS', { origin: 'https://chat.example', host: 'chat.example', encrypted: true }],
    [
      'of its own host, in HTTP/2',
      { origin: 'https://chat.example', headers: { ':authority': 'chat.example' } },
    ],
    ['of an origin that is listed', { origin: 'https://app.example.com', host: 'chat.example' }],
    ['of an origin that is listed, in another form', { origin: 'https://APP.example.com:443', host: 'x' }],
    ['of an application that is listed', { origin: 'capacitor://localhost', host: 'chat.example' }],
  ];
  for (const [what, parts] of own) {
    it(`is accepted: ${what}`, () => expect(foreign(parts)).to.equal(undefined));
  }

  const others: [what: string, parts: Parts][] = [
    ['another host', { origin: 'https://evil.example', host: 'chat.example' }],
    [
      'another host in front of its own',
      { origin: 'https://chat.example.evil.example', host: 'chat.example' },
    ],
    ['a subdomain', { origin: 'https://blog.chat.example', host: 'chat.example' }],
    ['a parent domain', { origin: 'https://example', host: 'chat.example' }],
    ['another port', { origin: 'http://chat.example:8080', host: 'chat.example' }],
    ['another port of localhost', { origin: 'http://localhost:5173', host: 'localhost:3000' }],
    ['the default port of the other scheme', { origin: 'http://chat.example', host: 'chat.example:443' }],
    ['a page without TLS', { origin: 'http://chat.example', host: 'chat.example', encrypted: true }],
    ['a page in a sandbox', { origin: 'null', host: 'chat.example' }],
    ['a page in a sandbox, where the host is called so', { origin: 'null', host: 'null' }],
    ['an empty Origin', { origin: '', host: '' }],
    ['no host', { origin: 'https://chat.example' }],
    ['an Origin with a path', { origin: 'https://chat.example/', host: 'chat.example' }],
    ['two origins', { origin: 'https://evil.example, https://chat.example', host: 'chat.example' }],
    [
      'a scheme of an application, whose host is called so',
      { origin: 'app://chat.example', host: 'chat.example' },
    ],
    ['a host that is none', { origin: 'https://chat.example', host: 'chat.example/x' }],
    [
      'another host, that a header calls its own',
      {
        origin: 'https://evil.example',
        host: 'chat.example',
        headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
      },
    ],
  ];
  for (const [what, parts] of others) {
    it(`has its cookie ignored: from ${what}`, () => expect(foreign(parts)).to.equal(parts.origin));
  }

  it('has its cookie ignored over JSONP: browsers send no Origin then, and any page can read the answer', () => {
    expect(foreign({ host: 'chat.example', query: { j: '0' } })).to.match(/JSONP/);
    expect(foreign({ host: 'chat.example', query: Object.create({ j: '0' }) as object })).to.equal(undefined);
    expect(foreign({ host: 'chat.example', query: { EIO: '4' } })).to.equal(undefined);
    expect(foreignOriginOf({ headers: {}, _query: null }, OTHERS)).to.equal(undefined);
  });

  it('is accepted if the engine has no socket', () => {
    const headers = { origin: 'http://chat.example', host: 'chat.example' };
    expect(foreignOriginOf({ headers }, OTHERS)).to.equal(undefined);
  });
});
