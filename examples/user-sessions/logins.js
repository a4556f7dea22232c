// The table of logins. Yours: a table of your database, with a date, from which old logins are deleted.

/** For one process. */
function memoryLogins() {
  const users = new Map();
  return {
    of: async (user) => [...(users.get(user) ?? [])],
    add: async (user, sid) => void users.set(user, new Set(users.get(user)).add(sid)),
    async remove(user, sids) {
      for (const sid of sids) users.get(user)?.delete(sid);
    },
  };
}

const keyOf = (user) => `logins:${user}`;

/** For several nodes: a set in Redis for each user, on a client of the package `redis`. */
function redisLogins(client) {
  return {
    of: (user) => client.sMembers(keyOf(user)),
    add: (user, sid) => client.sAdd(keyOf(user), sid),
    remove: async (user, sids) => sids.length > 0 && client.sRem(keyOf(user), sids),
  };
}

module.exports = { memoryLogins, redisLogins };
