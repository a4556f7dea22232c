import { resolve } from 'node:path';
import { World } from '../support/world';

/** What must be true with a secret must be true with an own verifier. */
const SUITES = ['session', 'gate', 'revocation', 'recovery', 'login', 'namespaces'];

describe('with a verifier of the application,', () => {
  before(() => {
    World.hasVerifier = true;
  });
  after(() => {
    World.hasVerifier = false;
  });

  for (const suite of SUITES) {
    const path = resolve(__dirname, `${suite}.test.js`);
    // Once more, though mocha has loaded the suite itself, or will.
    const loaded = require.cache[path];
    delete require.cache[path];
    // oxlint-disable-next-line typescript/no-require-imports -- its tests belong inside this `describe`
    require(path);
    if (loaded === undefined) delete require.cache[path];
    else require.cache[path] = loaded;
  }
});
