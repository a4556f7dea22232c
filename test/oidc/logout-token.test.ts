import { expect } from 'chai';
import { SigningKey } from '../support/jwks-endpoint';
import { bad, CLIENT_ID, DONE, EVENT, ISSUER, Keys, LATER, LogoutWorld, now } from './kit';

type Claims = Record<string, unknown>;

/** OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6. */
const BAD_CLAIMS: [what: string, claims: Claims, message: string][] = [
  ['no iss', { iss: undefined }, 'jwt issuer invalid'],
  ['another iss', { iss: `${ISSUER}/` }, 'jwt issuer invalid'],
  ['several iss', { iss: [ISSUER] }, 'jwt issuer invalid'],
  ['no aud', { aud: undefined }, 'jwt audience invalid'],
  ['another aud', { aud: 'mail' }, 'jwt audience invalid'],
  ['a list of other aud', { aud: ['mail', 'files'] }, 'jwt audience invalid'],
  ['an aud that is no text', { aud: { chat: true } }, 'jwt audience invalid'],
  ['no iat', { iat: undefined }, 'jwt claim invalid'],
  ['an iat that is no number', { iat: 'today' }, 'jwt claim invalid'],
  ['an iat before 1970', { iat: -5 }, 'iat must not be before 1970'],
  ['an iat in ms', { iat: Date.now() }, 'iat is ahead of the clock'],
  ['an iat ahead of the clock', { iat: now() + 600, exp: now() + 900 }, 'iat is ahead of the clock'],
  ['no exp', { exp: undefined }, 'jwt claim invalid'],
  ['an exp that is no number', { exp: 'tomorrow' }, 'jwt claim invalid'],
  ['an exp that is over', { iat: now() - 300, exp: now() - 120 }, 'jwt expired'],
  ['an nbf that is yet to come', { nbf: now() + 600 }, 'jwt not active'],
  ['no jti', { jti: undefined }, 'jwt claim invalid'],
  ['an empty jti', { jti: '' }, 'jti must be a string'],
  ['a jti that is no text', { jti: 7 }, 'jti must be a string'],
  ['neither sid nor sub', { sid: undefined, sub: undefined }, 'sid or sub is required'],
  ['an empty sid', { sid: '' }, 'sid and sub must be strings'],
  ['a sid that is no text', { sid: { $ne: '' } }, 'sid and sub must be strings'],
  ['a sid that is null', { sid: null }, 'sid and sub must be strings'],
  ['an empty sub', { sid: undefined, sub: '' }, 'sid and sub must be strings'],
  ['a sub that is no text', { sub: 7 }, 'sid and sub must be strings'],
  ['no events', { events: undefined }, 'jwt claim invalid'],
  ['events of null', { events: null }, `events must have ${EVENT}`],
  ['events as text', { events: EVENT }, `events must have ${EVENT}`],
  ['events as a list', { events: [EVENT] }, `events must have ${EVENT}`],
  ['no event', { events: {} }, `events must have ${EVENT}`],
  ['another event', { events: { [`${EVENT}s`]: {} } }, `events must have ${EVENT}`],
  ['an event that is null', { events: { [EVENT]: null } }, `events must have ${EVENT}`],
  ['an event that is true', { events: { [EVENT]: true } }, `events must have ${EVENT}`],
  ['an event that is a list', { events: { [EVENT]: [] } }, `events must have ${EVENT}`],
  ['a nonce', { nonce: 'n' }, 'nonce is prohibited'],
  ['a nonce that is null', { nonce: null }, 'nonce is prohibited'],
];

const BAD_HEADERS: [what: string, header: Claims, message: string][] = [
  ['the type of an access token', { typ: 'at+jwt' }, 'typ must be logout+jwt'],
  ['the type of a security event', { typ: 'secevent+jwt' }, 'typ must be logout+jwt'],
  ['a type that is empty', { typ: '' }, 'typ must be logout+jwt'],
  ['a type that is no text', { typ: ['logout+jwt'] }, 'typ must be logout+jwt'],
  ['the name of a key that the provider does not show', { kid: 'two' }, 'no key for this token'],
];

const GOOD: [what: string, claims: Claims, header: Claims][] = [
  ['all claims', {}, {}],
  ['the type JWT', {}, { typ: 'JWT' }],
  ['the media type in full', {}, { typ: 'application/logout+jwt' }],
  ['no type', {}, { typ: undefined }],
  ['no name of a key', {}, { kid: undefined }],
  ['several audiences', { aud: ['mail', CLIENT_ID] }, {}],
  ['a sid alone', { sub: undefined }, {}],
  ['a sub alone', { sid: undefined }, {}],
  ['members in the event', { events: { [EVENT]: { reason: 'admin' }, other: {} } }, {}],
  ['claims that are not known', { trace_id: 'x', nbf: now() }, {}],
];

/** The parts of a token. */
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('a logout token', () => {
  let keys: Keys;
  let world: LogoutWorld;

  before(async () => {
    keys = await new Keys().listen();
  });
  beforeEach(async () => {
    world = await new LogoutWorld(keys).listen();
  });
  afterEach(() => world.close());
  after(() => keys.endpoint.close());

  /** That it is refused, and ends nothing. */
  async function refuses(token: string, message: string): Promise<void> {
    const client = await world.loggedIn({ iat: now() - 60 });
    expect(await world.logOut(token)).to.deep.equal(bad(`logout_token: ${message}`));
    expect(world.auth.stats()).to.include({ authenticated: 1, revoked: 0 });
    expect(client.socket.connected).to.equal(true);
  }

  for (const [what, claims, header] of GOOD) {
    it(`with ${what} ends the session`, async () => {
      const client = await world.loggedIn({ iat: now() - 60 });
      expect(await world.logOut(await keys.logoutToken(claims, header))).to.deep.equal(DONE);
      await client.until('disconnect');
      expect(world.auth.stats()).to.include({ authenticated: 0, revoked: 1 });
    });
  }

  for (const [what, seconds] of [
    ['behind', -150],
    ['ahead', 30],
  ] as const) {
    it(`of a provider whose clock is ${what} ends the session`, async () => {
      const client = await world.loggedIn({ iat: now() - 300 });
      const iat = now() + seconds;
      expect(await world.logOut(await keys.logoutToken({ iat, exp: iat + 120 }))).to.deep.equal(DONE);
      await client.until('disconnect');
    });
  }

  for (const [what, claims, message] of BAD_CLAIMS)
    it(`with ${what} is refused`, async () => refuses(await keys.logoutToken(claims), message));
  for (const [what, header, message] of BAD_HEADERS)
    it(`with ${what} is refused`, async () => refuses(await keys.logoutToken({}, header), message));

  it('of another provider, with the same key name, is refused', async () =>
    refuses(await keys.logoutToken({}, {}, new SigningKey('one')), 'invalid signature'));

  it('whose claims were changed is refused', async () => {
    const [header, , signature] = (await keys.logoutToken({ sub: 'eve' })).split('.');
    const [, payload] = (await keys.logoutToken()).split('.');
    await refuses(`${header}.${payload}.${signature}`, 'invalid signature');
  });

  it('without a signature (alg none) is refused', async () => {
    const [, payload] = (await keys.logoutToken()).split('.');
    await refuses(`${encode({ alg: 'none', typ: 'logout+jwt' })}.${payload}.`, 'invalid algorithm');
  });

  it('signed with the public key as a shared secret is refused', async () => {
    const { SignJWT } = await import('jose');
    const { payload } = JSON.parse(
      `{"payload":${Buffer.from((await keys.logoutToken()).split('.')[1] ?? '', 'base64url').toString()}}`,
    ) as { payload: Claims };
    const secret = Buffer.from(JSON.stringify(keys.key.jwk));
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    await refuses(token, 'invalid algorithm');
  });

  it('of an algorithm that the options do not name is refused', async () => {
    await world.close();
    world = await new LogoutWorld(keys, { algorithms: ['ES256'] }).listen();
    await refuses(await keys.logoutToken(), 'invalid algorithm');
  });

  it('that is encrypted is refused', async () => {
    const { CompactEncrypt, importJWK } = await import('jose');
    const token = await new CompactEncrypt(Buffer.from(await keys.logoutToken()))
      .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' })
      .encrypt(await importJWK(keys.key.jwk, 'RSA-OAEP'));
    await refuses(token, 'jwt malformed');
  });

  for (const text of ['null', 'a.b.c', `${encode([])}.${encode([])}.x`, '...', '{"logout":true}'])
    it(`that is no token, but ${text}, is refused`, async () => refuses(text, 'jwt malformed'));

  it('without an issuer is refused where a function checks the issuer', async () => {
    await world.close();
    world = await new LogoutWorld(keys, { issuer: () => true }).listen();
    await refuses(await keys.logoutToken({ iss: '' }), 'iss must be a string');
    expect(await world.logOut(await keys.logoutToken())).to.deep.equal(DONE);
  });

  it('is answered with 503 while the endpoint of the keys is down, and is accepted afterwards', async () => {
    await world.close();
    const late = new Keys();
    late.endpoint.keys = [late.key];
    await late.endpoint.listen();
    late.endpoint.answer = (_request, response) => response.writeHead(500).end();
    world = await new LogoutWorld(late, { cooldown: 1 }).listen();
    const client = await world.loggedIn({ iat: now() - 60 });
    const token = await late.logoutToken();
    expect(await world.logOut(token)).to.deep.equal(LATER);
    expect(client.socket.connected).to.equal(true);
    late.endpoint.answer = undefined;
    // The endpoint is asked again after the cooldown.
    let answer;
    do answer = await world.logOut(token);
    while (answer.status === 503);
    expect(answer).to.deep.equal(DONE);
    await client.until('disconnect');
    await late.endpoint.close();
  });
});
