import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { authorize } from '../../lib';
import { jwksVerifier } from '../../lib/jwks';
import { toJwksSettings } from '../../lib/jwks/settings';
import { backchannelLogout } from '../../lib/oidc';
import { redisRevocationStore } from '../../lib/redis';
import { SECRET } from '../support/tokens';

/** What a call throws. */
function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).to.be.instanceOf(TypeError);
    return (error as Error).message;
  }
  return expect.fail('no error');
}

const messageFor = (options: object): string => messageOf(() => authorize({ secret: SECRET, ...options }));
const fail = (): never => expect.fail('it was called');

/** An object whose every member throws. */
const HOSTILE = new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });

const LONG = 'x'.repeat(100_000);

const SHOWN: [what: string, options: object, message: string][] = [
  ['a text', { timeout: '5s' }, 'options.timeout must be a number of ms above 0, got "5s"'],
  [
    'a number',
    { onExpired: 7 },
    "options.onExpired must be one of 'disconnect', 'deauthenticate', 'ignore', got 7",
  ],
  ['NaN', { timeout: Number.NaN }, 'options.timeout must be a number of ms above 0, got NaN'],
  ['a bigint', { maxAttempts: 7n }, 'options.maxAttempts must be a whole number above 0, or Infinity, got 7'],
  ['null', { required: null }, 'options.required must be true or false, got null'],
  ['a symbol', { cookie: Symbol('x') }, 'options.cookie must be a string that is not empty, got symbol'],
  ['a list', { cookie: ['a'] }, 'options.cookie must be a string that is not empty, got an array'],
  ['line breaks', { scope: 'a\nb' }, "options.scope must be one of 'namespace', 'connection', got \"a\\nb\""],
  [
    'a long text',
    { scope: LONG },
    `options.scope must be one of 'namespace', 'connection', got "${'x'.repeat(40)}…"`,
  ],
  [
    'a text of 40 characters',
    { scope: 'x'.repeat(40) },
    `options.scope must be one of 'namespace', 'connection', got "${'x'.repeat(40)}"`,
  ],
  ['an entry', { algorithms: ['HS256', 'HS265'] }, 'options.algorithms[1] must be one of HS256, HS384'],
  ['an event', { allow: ['a', 7] }, "options.allow[1] must be an event's name, got 7"],
  [
    'an origin',
    { origins: ['https://a.example', 'https://b.example/'] },
    'options.origins[1] must be an origin, with scheme and host alone, such as \'https://app.example.com\', got "https://b.example/"',
  ],
  ['an issuer', { issuer: ['a', ''] }, 'options.issuer[1] must be a string that is not empty, got ""'],
  [
    'an audience',
    { audience: ['a', 7] },
    'options.audience[1] must be a string that is not empty, or a RegExp',
  ],
  ['a list without entries', { audience: [] }, 'or a list of them, got an array'],
  ['a scope', { permissions: { say: ['a', ''] } }, 'options.permissions.say[1] must be a scope, which is'],
  [
    'a permission',
    { permissions: { say: 7 } },
    'options.permissions.say must be a scope, a list of scopes, a function',
  ],
  [
    'an event with spaces',
    { permissions: { 'log out': 7 } },
    'options.permissions["log out"] must be a scope',
  ],
  [
    'an event of the protocol',
    { permissions: { authenticate: true } },
    'options.permissions.authenticate must be left out',
  ],
  ['a long name', { [LONG]: 1 }, `options["${'x'.repeat(40)}…"] is not an option of authorize()`],
];

const CLOSEST: [name: string, known: string | undefined][] = [
  ['timeuot', 'timeout'],
  ['Timeout', 'timeout'],
  ['timeouts', 'timeout'],
  ['tmeout', 'timeout'],
  ['tiemeout', 'timeout'],
  ['itmeuot', 'timeout'],
  ['algorithm', 'algorithms'],
  ['maxage', 'maxAge'],
  ['audiance', 'audience'],
  ['keyTimeot', 'keyTimeout'],
  ['secrets', 'secret'],
  ['Secret', 'secret'],
  ['sekret', 'secret'],
  ['key', undefined],
  ['clockTimestamp', 'clockTolerance'],
  ['secretKey', 'secret'],
  ['verifier', 'verify'],
  ['maxTokenSize', 'maxTokenBytes'],
  ['isolation', 'isolate'],
  ['x', undefined],
  ['toString', undefined],
];

describe('the message about a wrong option', () => {
  for (const [what, options, message] of SHOWN) {
    it(`shows where it is wrong and what came: ${what}`, () => {
      expect(messageFor(options)).to.include(message).and.have.length.below(400);
    });
  }

  it('reads nothing of an object that came', () => {
    for (const name of ['timeout', 'cookie', 'issuer', 'limiter', 'revocation', 'callback', 'permissions']) {
      const value = name === 'permissions' ? 7 : HOSTILE;
      expect(messageFor({ [name]: value })).to.match(
        new RegExp(`^options.${name} must be .*, got (?:object|7)$`),
      );
    }
    const entry = { toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail };
    expect(messageFor({ allow: [entry] })).to.equal("options.allow[0] must be an event's name, got object");
    expect(messageFor({ timeuot: HOSTILE })).to.include('did you mean');
  });

  it('shows a number even where a text may be a secret', () => {
    for (const name of ['limiter', 'revocation'])
      expect(messageFor({ [name]: 42 })).to.match(new RegExp(`^options.${name} must be .*, got 42$`));
    expect(messageOf(() => authorize({ verify: 42 as never }))).to.match(/^options.verify .*, got 42$/);
  });

  it('shows no password of a URL', () => {
    for (const call of [
      () => authorize({ secret: SECRET, origins: ['redis://bob:password@host'] }),
      () => jwksVerifier({ jwksUri: 'ftp://bob:password@host' }),
      () => jwksVerifier({ issuer: 'https://bob:password@host' }),
      () => jwksVerifier({ jwksUri: 'https://bob:pass/password@host' }),
      () => jwksVerifier({ issuer: 'http:/bob:password@host' }),
      () => jwksVerifier({ issuer: 'https:\\\\bob:password@host' }),
      () => authorize({ secret: SECRET, origins: ['https://bob:\npass/password@host'] }),
      () => authorize({ secret: SECRET, origins: ['bob:password@host'] }),
    ])
      expect(messageOf(call))
        .to.match(/, got a URL with credentials$/)
        .and.not.include('password');
  });

  for (const [name, known] of CLOSEST) {
    it(`${known === undefined ? 'suggests nothing' : `suggests ${known}`} for ${name}`, () => {
      const hint = known === undefined ? '' : `; did you mean \`${known}\`?`;
      expect(messageFor({ [name]: 'a value that may be a secret' })).to.equal(
        `options.${name} is not an option of authorize()${hint}`,
      );
    });
  }

  it('suggests options of the other entries too, and shows their values', () => {
    const jwksUri = 'https://login.example/jwks';
    const auth = authorize({ secret: SECRET });
    const client = { isReady: true, mGet: fail, eval: fail };
    const calls: [call: () => unknown, message: string][] = [
      [
        () => jwksVerifier({ jwksUrl: jwksUri } as never),
        'options.jwksUrl is not an option of jwksVerifier(); did you mean `jwksUri`?',
      ],
      [
        () => jwksVerifier({ jwksUri, audience: ['a', ''] }),
        'options.audience[1] must be a string that is not empty, got ""',
      ],
      [
        () => jwksVerifier({ jwksUri, timeout: '5s' as never }),
        'options.timeout must be a number of ms above 0, at most 2147483647, got "5s"',
      ],
      [
        () => backchannelLogout(auth, { issuer: 'https://a.example', audience: 'a', endby: 'sub' } as never),
        'options.endby is not an option of backchannelLogout(); did you mean `endBy`?',
      ],
      [
        () => backchannelLogout(auth, { issuer: 'https://a.example', audience: 'a', endBy: 'jti' } as never),
        "options.endBy must be 'sid' or 'sub', got \"jti\"",
      ],
      [
        () => redisRevocationStore(client, { perfix: 'a' } as never),
        'options.perfix is not an option of redisRevocationStore(); did you mean `prefix`?',
      ],
      [
        () => redisRevocationStore(client, { prefix: 7 } as never),
        'options.prefix must be a string that is not empty, got 7',
      ],
    ];
    for (const [call, message] of calls) expect(messageOf(call)).to.equal(message);
    auth.close();
  });
});

describe('options that would be ignored', () => {
  const jwksUri = 'https://login.example/jwks';
  const issuer = 'https://login.example';
  const auth = authorize({ secret: SECRET });
  const client = { isReady: true, mGet: fail, eval: fail };
  after(() => auth.close());

  /** An object with the members, of which one is not its own. */
  const inheriting = (members: object, inherited: object): never =>
    Object.assign(Object.create(inherited) as object, members) as never;
  const hiding = (members: object, hidden: object): never => {
    const options = { ...members, ...hidden };
    for (const name of Object.keys(hidden)) Object.defineProperty(options, name, { enumerable: false });
    return options as never;
  };
  class Config {
    secret = SECRET;
    get audience(): string {
      return 'chat';
    }
  }

  const calls: [what: string, call: () => unknown, name: string][] = [
    ['a getter of a class', () => authorize(new Config()), 'audience'],
    ['inherited', () => authorize(inheriting({ secret: SECRET }, { issuer })), 'issuer'],
    ['not enumerable', () => authorize(hiding({ secret: SECRET }, { permissions: {} })), 'permissions'],
    ['inherited', () => jwksVerifier(inheriting({ jwksUri }, { audience: 'chat' })), 'audience'],
    [
      'inherited',
      () => backchannelLogout(auth, inheriting({ issuer, audience: 'chat' }, { endBy: 'sub' })),
      'endBy',
    ],
    ['inherited', () => redisRevocationStore(client, inheriting({}, { prefix: 'users:' })), 'prefix'],
  ];
  for (const [what, call, name] of calls) {
    it(`are refused, because a check may be among them: ${name}, ${what}`, () => {
      expect(messageOf(call)).to.equal(
        `options.${name} is inherited or not enumerable, and would be ignored; make it a member of the options themselves`,
      );
    });
  }

  it('are not refused for what they inherit besides: the members of a class', () => {
    class Named {
      secret = SECRET;
      name(): string {
        return 'config';
      }
    }
    authorize(new Named()).close();
  });
});

describe('the options of jwksVerifier()', () => {
  it('are read once: what was checked is what counts', () => {
    const audiences = ['chat', ''];
    const options = {
      jwksUri: 'https://login.example/jwks',
      get audience() {
        return audiences.shift();
      },
    };
    expect(toJwksSettings(options).audience).to.equal('chat');
  });
});

describe('the message about a wrong secret', () => {
  const { publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  it('names every form that is accepted', () => {
    const forms = [
      'shared secret',
      'public key',
      'certificate',
      'private key',
      'PEM',
      'DER',
      'Base64',
      'JWK',
      'JWK set',
      'KeyObject',
      'a list of these',
      'a function that finds the key',
    ];
    for (const secret of [undefined, null, 7, {}, true]) {
      const message = messageFor({ secret });
      for (const form of forms) expect(message).to.include(form);
    }
    expect(messageFor({ secret: undefined }))
      .to.include('options.verify')
      .and.include('environment variable');
    expect(messageFor({ secret: [SECRET, 7] })).to.match(/^options\.secret\[1\]: expected a key, got number/);
  });

  it('says where a verifier of tokens belongs', () => {
    expect(messageFor({ secret: jwksVerifier({ issuer: 'https://example.com' }) })).to.equal(
      'options.secret: what jwksVerifier() returns belongs in options.verify',
    );
    expect(messageFor({ secret: jwksVerifier })).to.equal(
      'options.secret: what jwksVerifier() returns belongs in options.verify',
    );
  });

  it('says that jwksVerifier must be called', () => {
    expect(messageOf(() => authorize({ verify: jwksVerifier as never }))).to.equal(
      'options.verify must be what jwksVerifier() returns, such as jwksVerifier({ issuer, audience })',
    );
  });

  it('says how to write line breaks, where a PEM has lost them', () => {
    const lost = publicKey.replaceAll('\n', ' ').replace('END PUBLIC', 'END');
    expect(messageFor({ secret: lost }))
      .to.match(/^options\.secret: looks like PEM.*it stands on one line.*write its line breaks as \\n/)
      .and.not.include(publicKey.slice(40, 60));
  });

  it('says that a line of a PEM is missing or changed', () => {
    const [first, , ...rest] = publicKey.split('\n');
    for (const broken of [
      [first, ...rest].join('\n'),
      publicKey.slice(0, -40),
      publicKey.replace('MF', 'AA'),
    ])
      expect(messageFor({ secret: broken })).to.include('a line of it is missing or changed');
  });
});
