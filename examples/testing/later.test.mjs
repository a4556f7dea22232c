// In a file of its own: the clock stands still for everything in the process.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { application } from './application.mjs';
import { createToken, heard, startServer } from './kit.mjs';

test('a session ends after an hour, without waiting for it', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() });
  // A day between two pings: the hour must not look like a lost connection.
  const server = await startServer(application, { pingInterval: 86_400_000 });
  try {
    const client = server.client(createToken({}, 3600));
    await heard(client, 'authenticated');
    const refused = heard(client, 'unauthorized');
    mock.timers.tick(3_600_000);
    assert.equal((await refused)[0].data.reason, 'expired');
  } finally {
    mock.timers.reset();
    await server.close();
  }
});
