// What the clients of this example can do with the recipes.
const { keepNewest, logOutOthers, sendTo, sessionsOf } = require('./recipes.js');

/** @param oneDevice whether a login ends those of the user's other devices */
function handleSessions(io, auth, logins, oneDevice = false) {
  io.on('connection', (socket) => {
    // Only a socket that is logged in gets here, so the claims are there.
    socket.on('note', (text) => sendTo(io, socket.data.auth.claims.sub, 'note', text));
    socket.on('sessions', (reply) => answer(reply, () => list(io, socket.data.auth.claims)));
    socket.on('log out others', (reply) =>
      answer(reply, () => logOutOthers(auth, logins, socket.data.auth.claims)),
    );
  });
  if (!oneDevice) return;
  const check = async (socket) => {
    const { sub } = socket.data.auth.claims;
    try {
      await logins.remove(sub, await keepNewest(io, auth, sub));
    } catch (error) {
      // A login that cannot be checked does not count. The client helper tries again.
      console.error('one device:', error.message);
      auth.deauthenticate(socket);
    }
  };
  // At renewals too: they find what a broken connection between nodes has hidden at the login.
  for (const event of ['authenticated', 'reauthenticated']) io.on(event, (socket) => void check(socket));
}

async function list(io, { sub, sid: own }) {
  const sessions = await sessionsOf(io, sub);
  return sessions.map(({ claims: { sid, auth_time: since }, expiresAt }) => ({
    sid,
    since,
    expiresAt,
    isThisDevice: sid === own,
  }));
}

/** Calls back with what `work` resolves with. What fails is answered with a code, and reported here. */
async function answer(reply, work) {
  if (typeof reply !== 'function') return;
  try {
    reply({ ok: true, value: await work() });
  } catch (error) {
    console.error('sessions:', error.message);
    reply({ ok: false, code: 'try_again' });
  }
}

module.exports = { handleSessions };
