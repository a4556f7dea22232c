import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { application } from './application.mjs';
import { createToken, heard, startServer } from './kit.mjs';

let server;
beforeEach(async () => {
  server = await startServer(application);
});
afterEach(() => server.close());

test('a user with the scope announces something to all', async () => {
  const reader = server.client(createToken({ sub: 'carol' }));
  await heard(reader, 'authenticated');
  const announced = heard(reader, 'announced');
  server.client(createToken({ scope: 'announce' })).emit('announce', 'hello');
  assert.deepEqual(await announced, ['hello']);
});

test('a user without the scope does not', async () => {
  const reader = server.client(createToken());
  reader.emit('announce', 'hello');
  const [{ data }] = await heard(reader, 'unauthorized');
  assert.deepEqual([data.code, data.event], ['insufficient_scope', 'announce']);
});

test('a forged token is refused', async () => {
  const client = server.client(`${createToken().split('.', 2).join('.')}.forged`);
  const [{ data }] = await heard(client, 'unauthorized');
  assert.deepEqual([data.code, data.reason], ['invalid_token', 'signature']);
});

test('a session ends when its token expires', async () => {
  const client = server.client(createToken({}, 0.3));
  const refused = heard(client, 'unauthorized');
  const gone = heard(client, 'disconnect');
  await heard(client, 'authenticated');
  assert.equal((await refused)[0].data.reason, 'expired');
  await gone;
});
