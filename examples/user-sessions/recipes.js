// The sessions of a user, on all devices and all nodes. Tokens carry `sub`, the user; `sid`, the login that they stem
// from, which every fresh token of that device repeats; and `auth_time`, when that login took place.

/** The room of a user's sockets, on every node. */
const roomOf = (user) => `user:${user}`;

/** For `authorize()`: each login joins the room of its user. A token that names no device is refused. */
const options = {
  rooms: (claims) => [roomOf(claims.sub)],
  validate: ({ sub, sid, auth_time: time }) =>
    typeof sub === 'string' && typeof sid === 'string' && Number.isFinite(time),
};

/** Sends an event to a user, on all devices and all nodes. */
function sendTo(io, user, event, ...args) {
  io.to(roomOf(user)).emit(event, ...args);
}

/** The sessions of a user that are connected now, on all nodes: `{ claims, expiresAt }` for each socket. */
async function sessionsOf(io, user) {
  const sockets = await io.in(roomOf(user)).fetchSockets();
  return sockets.map(({ data }) => data.auth);
}

/** Of the devices that are connected, keeps the one with the newest login. Gives the logins that it ended. */
async function keepNewest(io, auth, user) {
  const sessions = await sessionsOf(io, user);
  const claims = sessions.map((session) => session.claims).toSorted(byLogin);
  const newest = claims.at(-1)?.sid;
  const ended = [...new Set(claims.map(({ sid }) => sid))].filter((sid) => sid !== newest);
  await Promise.all(ended.map((sid) => auth.revoke({ sid })));
  return ended;
}

// Two nodes that look at the same moment must agree: logins of the same moment are ordered by their `sid`.
const byLogin = (one, other) => one.auth_time - other.auth_time || (one.sid < other.sid ? -1 : 1);

/** Ends all other logins of a user, of devices that are not connected too. The asking device is not interrupted. */
async function logOutOthers(auth, logins, { sub, sid }) {
  const all = await logins.of(sub);
  // Another device has just logged this one out.
  if (!all.includes(sid)) return;
  const others = all.filter((other) => other !== sid);
  // Revoked first: if that fails, the table still has them for the next try.
  await Promise.all(others.map((other) => auth.revoke({ sid: other })));
  await logins.remove(sub, others);
}

module.exports = { options, sendTo, sessionsOf, keepNewest, logOutOthers };
