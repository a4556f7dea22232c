// A revocation store on SQL, here SQLite: one table that the nodes share.
const Database = require('better-sqlite3');

const TABLE = `
  CREATE TABLE IF NOT EXISTS revocations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE,
    jti TEXT, sid TEXT, sub TEXT, iss TEXT, issuedBefore REAL, expiresAt REAL, rule TEXT
  );
  CREATE INDEX IF NOT EXISTS jtis ON revocations (jti);
  CREATE INDEX IF NOT EXISTS sids ON revocations (sid);
  CREATE INDEX IF NOT EXISTS subs ON revocations (sub);`;
// Several nodes add the same rule: its id tells.
const INSERT = `INSERT OR IGNORE INTO revocations
  VALUES (NULL, @id, @jti, @sid, @sub, @iss, @issuedBefore, @expiresAt, @rule)`;
const FIND = `SELECT 1 FROM revocations WHERE (iss IS NULL OR iss = @iss)
  AND (jti = @jti OR sid = @sid OR (sub = @sub AND (@iat IS NULL OR @iat < issuedBefore)))`;
const NULLS = { id: null, jti: null, sid: null, sub: null, iss: null, issuedBefore: null, iat: null };

function sqlRevocationStore(path) {
  const db = new Database(path);
  db.exec(TABLE);
  const [insert, find] = [db.prepare(INSERT), db.prepare(FIND)];
  const list = db.prepare('SELECT number, rule FROM revocations WHERE number > ? ORDER BY number');
  // A minute after the tokens that it refuses, since clocks differ.
  const forget = db.prepare('DELETE FROM revocations WHERE expiresAt < ? - 60000');
  return {
    add(rule) {
      forget.run(Date.now());
      insert.run({ ...NULLS, ...rule, rule: JSON.stringify(rule) });
    },
    isRevoked: (identity) => find.get({ ...NULLS, ...identity }) !== undefined,
    rulesSince(cursor = 0) {
      const rows = list.all(cursor);
      return { rules: rows.map((row) => JSON.parse(row.rule)), cursor: rows.at(-1)?.number ?? cursor };
    },
  };
}

module.exports = { sqlRevocationStore };
