import { expect } from 'chai';
import type { RevocationStore } from '../../lib';
import { refusal } from '../support/refusals';
import { createToken } from '../support/tokens';
import type { TestClient, TestOptions } from '../support/world';
import { Warnings } from '../support/warnings';
import { bad, DONE, ISSUER, Keys, LATER, LogoutWorld, now } from './kit';
import type { Options } from './kit';

describe('a logout at the provider', () => {
  let keys: Keys;
  let world: LogoutWorld;

  before(async () => {
    keys = await new Keys().listen();
  });
  afterEach(() => world.close());
  after(() => keys.endpoint.close());

  async function start(options: Options = {}, authorizer: TestOptions = {}): Promise<void> {
    world = await new LogoutWorld(keys, options, authorizer).listen();
  }

  const logOut = async (claims: object = {}): Promise<unknown> =>
    world.logOut(await keys.logoutToken(claims));

  /** Waits until a client is told that it was revoked and is disconnected. */
  async function ended(client: TestClient, retryable: boolean): Promise<void> {
    await refused(client, retryable);
    expect((await client.until('disconnect'))[0]).to.equal('io server disconnect');
  }

  async function refused(client: TestClient, retryable: boolean): Promise<void> {
    expect(await refusal(client)).to.include({ code: 'invalid_token', reason: 'revoked', retryable });
  }

  describe('that names a session', () => {
    it('ends every socket of that session, and no other one of the user', async () => {
      await start();
      const own = [await world.loggedIn(), await world.loggedIn({ jti: 'another token' })];
      const others = [
        await world.loggedIn({ sid: 'another session' }),
        await world.loggedIn({ sid: undefined }),
        // The same name of a session at another provider.
        await world.loggedIn({ iss: 'https://mail.example' }),
        await world.loggedIn({ sub: 'eve', sid: 'a session of Eve' }),
      ];
      expect(await logOut()).to.deep.equal(DONE);
      for (const client of own) await ended(client, false);
      expect(world.auth.stats()).to.include({ authenticated: others.length, revoked: own.length });
    });

    it('refuses the tokens of that session from then on', async () => {
      await start();
      expect(await logOut()).to.deep.equal(DONE);
      const client = world.client('/', { auth: { token: createToken({ iss: ISSUER, sid: 'session' }) } });
      await refused(client, false);
    });

    it('does no harm when it is repeated, and ends no later session', async () => {
      await start();
      const token = await keys.logoutToken({ iat: now() - 30 });
      await world.loggedIn().then((client) => world.logOut(token).then(() => ended(client, false)));
      await world.loggedIn({ sid: 'the next session' });
      expect(await world.logOut(token)).to.deep.equal(DONE);
      expect(await world.logOut(token)).to.deep.equal(DONE);
      expect(world.auth.stats()).to.include({ authenticated: 1, revoked: 1 });
    });
  });

  const byUser: [what: string, options: Options, claims: object][] = [
    ['that names a user alone', {}, { sid: undefined }],
    ["that names a session and a user, with endBy: 'sub'", { endBy: 'sub' }, {}],
    ["that names a user alone, with endBy: 'sub'", { endBy: 'sub' }, { sid: undefined }],
  ];
  for (const [what, options, claims] of byUser) {
    describe(what, () => {
      it('ends every session of the user, and nobody else’s', async () => {
        await start(options);
        const own = [await world.loggedIn({ sid: undefined }), await world.loggedIn({ sid: 'other' })];
        await world.loggedIn({ sub: 'eve' });
        await world.loggedIn({ iss: 'https://mail.example' });
        expect(await logOut(claims)).to.deep.equal(DONE);
        for (const client of own) await ended(client, true);
        expect(world.auth.stats()).to.include({ authenticated: 2, revoked: 2 });
      });

      it('ends sessions whose token was issued up to its iat, and no later ones', async () => {
        await start(options);
        const iat = now() - 30;
        const old = await world.loggedIn({ iat: iat - 1 });
        const same = await world.loggedIn({ iat });
        await world.loggedIn({ iat: iat + 1 });
        // A fraction of a second changes nothing of that.
        expect(await logOut({ ...claims, iat: iat + 0.5 })).to.deep.equal(DONE);
        for (const client of [old, same]) await ended(client, true);
        expect(world.auth.stats()).to.include({ authenticated: 1, revoked: 2 });
      });

      it('does no harm when it is repeated or comes late: a fresh login continues', async () => {
        await start(options);
        const iat = now() - 30;
        const token = await keys.logoutToken({ ...claims, iat });
        await world.loggedIn();
        for (let count = 0; count < 3; count += 1) expect(await world.logOut(token)).to.deep.equal(DONE);
        await world.loggedIn();
        expect(world.auth.stats()).to.include({ authenticated: 2, revoked: 0 });
        const old = world.client('/', {
          auth: { token: createToken({ iss: ISSUER, sub: 'bob', iat: iat - 1 }) },
        });
        await refused(old, true);
      });
    });
  }

  it("that names only a session is refused with endBy: 'sub', because it could end no session", async () => {
    await start({ endBy: 'sub' });
    await world.loggedIn();
    expect(await logOut({ sub: undefined })).to.deep.equal(bad('logout_token: sub is required'));
    expect(world.auth.stats()).to.include({ authenticated: 1, revoked: 0 });
  });

  it('ends the local sessions even if the store fails, asks the provider to try again, and is reported', async () => {
    let isDown = true;
    const kept: object[] = [];
    const revocation: RevocationStore = {
      add: (rule) => {
        if (isDown) throw new Error('a secret of the store');
        kept.push(rule);
      },
      isRevoked: () => false,
    };
    await start({}, { revocation });
    const client = await world.loggedIn();
    const warnings = new Warnings();
    expect(await logOut()).to.deep.equal(LATER);
    expect(await warnings.next()).to.include({ message: 'backchannelLogout(): revoke() failed' });
    warnings.close();
    await ended(client, false);
    isDown = false;
    expect(await logOut()).to.deep.equal(DONE);
    expect(kept).to.have.length(1);
    expect(kept[0]).to.include({ iss: ISSUER, sid: 'session' });
  });
});
