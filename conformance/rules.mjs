import { must } from './peer.mjs';

/** By how many ms the clocks of server and client may differ when `expiresAt` is checked. */
const CLOCK_DIFFERENCE = 5_000;
/**
 * How long the sessions of the expiry rule last, in seconds: long enough to log in on a busy machine. A server that is
 * blocked for a second may miss the notice of the first session, but not of the second.
 */
const LIVES = [6, 20];
/** A number of events that is too large for a server to hold for one socket. */
const FLOOD = 1_000;
/** The largest number of attempts that a server may allow. */
const MOST_ATTEMPTS = 50;

const isMomentOrNull = (value) => value === null || Number.isFinite(value);

function mustBeRefusal(data, code, reason) {
  must(typeof data === 'object' && data !== null, `no error, but ${JSON.stringify(data)}`);
  must(data.code === code, `code ${data.code} instead of ${code}`);
  if (reason) must(reason.includes(data.reason), `reason ${data.reason} instead of ${reason.join(' or ')}`);
  must(data.type === 'UnauthorizedError', `type ${data.type}`);
  must(typeof data.message === 'string', 'no message');
  must(typeof data.retryable === 'boolean', 'no retryable');
}

async function mustRefuse(bench, payload, code, reason) {
  const peer = await bench.pending();
  const reply = await peer.authenticateWith(payload);
  must(reply?.ok === false, `accepted: ${JSON.stringify(reply)}`);
  mustBeRefusal(reply.error, code, reason);
}

/** @returns whether there was a notice; none if the machine is so slow that the token expires on its way */
async function endsAfterNotice(bench, life) {
  const peer = await bench.pending();
  const reply = await peer.authenticate(bench.token({}, { expiresIn: life }));
  if (reply?.error?.reason === 'expired') return false;
  must(reply?.ok === true, `a good token was refused: ${JSON.stringify(reply)}`);
  const { data } = await peer.until('unauthorized', undefined, life * 1000 + bench.target.patience);
  mustBeRefusal(data, 'invalid_token', ['expired']);
  if (peer.socket.connected) {
    const isOver = peer.until('disconnect').then(() => true);
    must(await Promise.race([isOver, peer.isGated().catch(() => true)]), 'the socket is still heard');
  }
  const [notice] = peer.all('token_expiring');
  if (notice === undefined) return false;
  must(
    notice.expiresIn > 0 && notice.expiresIn < life * 1000,
    `token_expiring says expiresIn ${notice.expiresIn}`,
  );
  return true;
}

const unsigned = (claims) =>
  [{ alg: 'none', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.') + '.';

/** Every rule, by name. A rule throws if the server breaks it. */
export const RULES = {
  'a good token logs in': async (bench) => {
    const peer = await bench.pending();
    const exp = Math.floor(Date.now() / 1000) + 300;
    const reply = await peer.authenticate(bench.token({ exp }, {}));
    must(reply?.ok === true, `refused: ${JSON.stringify(reply)}`);
    const told = await peer.until('authenticated');
    for (const one of [reply, told]) {
      must(Math.abs(one.expiresAt - exp * 1000) <= CLOCK_DIFFERENCE, `expiresAt is ${one.expiresAt}`);
      must(one.expiresIn > 0 && one.expiresIn <= 300_000 + CLOCK_DIFFERENCE, `expiresIn is ${one.expiresIn}`);
    }
  },
  'a session without exp has no end, and says null': async (bench) => {
    const peer = await bench.pending();
    const { expiresAt, expiresIn } = await peer.authenticate(bench.token({}, {}));
    must(expiresAt === null && expiresIn === null, `expiresAt ${expiresAt}, expiresIn ${expiresIn}`);
  },
  'a token in the CONNECT packet logs in': async (bench) => {
    const session = await bench.client({ token: bench.token() }).until('authenticated');
    must(isMomentOrNull(session?.expiresAt) && isMomentOrNull(session?.expiresIn), 'no expiresAt, expiresIn');
  },
  'a token in the CONNECT packet may have Bearer in front': async (bench) => {
    await bench.client({ token: `Bearer ${bench.token()}` }).until('authenticated');
  },
  'a bad token in the CONNECT packet is refused': async (bench) => {
    const peer = bench.client({ token: bench.token({}, {}, 'another secret') });
    mustBeRefusal((await peer.refusal('invalid_token')).data, 'invalid_token', ['signature']);
  },
  'what is no token is refused as malformed': async (bench) => {
    for (const token of [undefined, null, 7, true, {}, [], ['a.b.c'], '', 'abc', 'a.b.c', '..']) {
      await mustRefuse(bench, { token }, 'invalid_token', ['malformed']);
    }
    for (const payload of [null, 7, 'token', [], [{ token: 'a' }]]) {
      await mustRefuse(bench, payload, 'invalid_token', ['malformed']);
    }
  },
  'a token signed with another key is refused': (bench) =>
    mustRefuse(bench, { token: bench.token({}, {}, 'another secret') }, 'invalid_token', ['signature']),
  'a token without a signature is refused': (bench) =>
    mustRefuse(bench, { token: unsigned({ sub: 'conformance' }) }, 'invalid_token', [
      'signature',
      'algorithm',
    ]),
  'an expired token is refused': (bench) =>
    mustRefuse(bench, { token: bench.token({}, { expiresIn: -60 }) }, 'invalid_token', ['expired']),
  'a token that is not active yet is refused': (bench) =>
    mustRefuse(bench, { token: bench.token({}, { notBefore: 600 }) }, 'invalid_token', ['not_active']),
  'a huge token is refused': (bench) =>
    mustRefuse(bench, { token: `${'a'.repeat(100_000)}.b.c` }, 'invalid_token', ['too_large', 'malformed']),
  'a refusal comes as event and as acknowledgement, and they agree': async (bench) => {
    const peer = await bench.pending();
    const { error } = await peer.authenticate('no token');
    const told = await peer.until('unauthorized');
    mustBeRefusal(told.data, 'invalid_token');
    must(JSON.stringify(told.data) === JSON.stringify(error), 'they differ');
    must(
      told.message === error.message && told.inner?.message === error.message,
      'message or inner is missing',
    );
  },
  'a client may ask without an acknowledgement': async (bench) => {
    const peer = await bench.pending();
    peer.socket.emit('authenticate', { token: 'no token' });
    await peer.refusal('invalid_token');
    peer.socket.emit('authenticate', { token: bench.token() });
    await peer.until('authenticated');
  },
  // At once, or when its token is refused: a server may hold the event until then.
  'events of a pending socket are dropped and reported': async (bench) => {
    const peer = await bench.pending();
    must(await peer.isGated(), 'an event of a pending socket was not reported as not_authenticated');
  },
  'a flood of events of a pending socket is not held': async (bench) => {
    const peer = await bench.pending();
    for (let count = 0; count < FLOOD; count += 1) peer.sendUnknown();
    await peer.refusal('not_authenticated');
  },
  'events of an authenticated socket are heard': async (bench) => {
    const peer = await bench.authenticated();
    must(!(await peer.isGated()), 'an event of an authenticated socket was reported as not_authenticated');
  },
  'a renewal extends the session': async (bench) => {
    const peer = await bench.authenticated(bench.token({}, { expiresIn: 60 }));
    const before = peer.all('authenticated').at(-1).expiresAt;
    const reply = await peer.authenticate(bench.token({}, { expiresIn: 600 }));
    must(reply?.ok === true, `refused: ${JSON.stringify(reply)}`);
    await peer.until('authenticated', ({ expiresAt }) => expiresAt > before);
  },
  'a renewal under another subject is refused, and the session stays': async (bench) => {
    const peer = await bench.authenticated();
    const reply = await peer.authenticate(bench.token({ sub: 'somebody else' }));
    must(reply?.ok === false, 'accepted');
    mustBeRefusal(reply.error, 'identity_mismatch');
    must(!(await peer.isGated()), 'the session is gone');
  },
  'a failed renewal leaves the session as it was': async (bench) => {
    const peer = await bench.authenticated();
    mustBeRefusal((await peer.authenticate('no token')).error, 'invalid_token');
    must(!(await peer.isGated()), 'the session is gone');
  },
  'of two tokens at once, each gets exactly one outcome': async (bench) => {
    const peer = await bench.pending();
    const replies = await Promise.all([peer.authenticate(bench.token()), peer.authenticate(bench.token())]);
    must(replies[0].ok === true, `the first was refused: ${JSON.stringify(replies[0])}`);
    if (!replies[1].ok) mustBeRefusal(replies[1].error, 'authentication_in_progress');
  },
  'a session ends at exp, after a notice': async (bench) => {
    let isNoticed = false;
    for (const life of LIVES) isNoticed ||= await endsAfterNotice(bench, life);
    must(isNoticed, "no 'token_expiring' came before the end");
  },
  'a logout is acknowledged, and the socket is pending': async (bench) => {
    const peer = await bench.authenticated();
    const reply = await peer.logout();
    must(reply?.ok === true, `acknowledged with ${JSON.stringify(reply)}`);
    must(await peer.isGated(), 'the socket is still heard');
  },
  'after a logout another subject may log in': async (bench) => {
    const peer = await bench.authenticated();
    await peer.logout();
    const reply = await peer.authenticate(bench.token({ sub: 'somebody else' }));
    must(reply?.ok === true, `refused: ${JSON.stringify(reply)}`);
  },
  'acknowledging a refusal disconnects': async (bench) => {
    const peer = await bench.pending();
    peer.socket.on('unauthorized', (_error, disconnect) => disconnect?.());
    peer.socket.emit('authenticate', { token: 'no token' });
    await peer.until('disconnect');
  },
  'a silent client is disconnected after the timeout': async (bench) => {
    const peer = await bench.pending();
    const { timeout, patience } = bench.target;
    mustBeRefusal(
      (await peer.refusal('authentication_timeout', timeout + patience)).data,
      'authentication_timeout',
    );
    await peer.until('disconnect');
  },
  'a refused token does not put off the timeout': async (bench) => {
    const peer = await bench.pending();
    const { timeout, patience } = bench.target;
    await new Promise((resolve) => {
      setTimeout(resolve, timeout / 2);
    });
    // The order decides, because the machine may be slow.
    const later = await bench.pending();
    await peer.authenticate('no token');
    const isFirst = peer.refusal('authentication_timeout', timeout + patience).then(() => true);
    const isLast = later.refusal('authentication_timeout', timeout + patience).then(() => false);
    must(
      await Promise.race([isFirst, isLast]),
      'a client that connected half of the timeout later was disconnected earlier',
    );
  },
  'too many refused tokens disconnect': async (bench) => {
    const peer = await bench.pending();
    for (let attempt = 0; attempt < MOST_ATTEMPTS && peer.socket.connected; attempt += 1) {
      peer.socket.emit('authenticate', { token: 'no token' });
    }
    mustBeRefusal((await peer.refusal('too_many_attempts')).data, 'too_many_attempts');
    await peer.until('disconnect');
  },
  'a token is in no packet of the server': async (bench) => {
    const [good, bad] = [bench.token(), bench.token({}, {}, 'another secret')];
    const peer = await bench.pending();
    await peer.authenticate(bad);
    await peer.authenticate(good);
    await peer.logout();
    const said = JSON.stringify(peer.log);
    must(!said.includes(good) && !said.includes(bad), 'it is');
  },
  'whatever was sent, the server still serves': async (bench) => {
    const hostile = await bench.pending();
    for (const payload of [
      null,
      [[[]]],
      { token: { toString: 'x' } },
      Buffer.from('token'),
      { __proto__: null },
      1e308,
    ]) {
      hostile.socket.emit('authenticate', payload);
      hostile.socket.emit('deauthenticate', payload);
    }
    await bench.authenticated();
  },
};

/** What a server may do. If it does not, it breaks no rule. */
export const OPTIONAL = {
  'events around a login are held, and heard after it': async (bench) => {
    const peer = await bench.pending();
    const ahead = peer.sendUnknown();
    const reply = peer.authenticate(bench.token());
    const behind = peer.sendUnknown();
    must((await reply)?.ok === true, 'a good token was refused');
    // The server answers this after it has reported both events.
    await peer.authenticate('a marker, and no token');
    must(!peer.isReported(ahead), 'what was sent ahead of the token was dropped');
    must(!peer.isReported(behind), 'what was sent right behind the token was dropped');
  },
};
