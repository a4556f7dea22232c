import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Server, Socket } from 'socket.io';
import { authorize } from '../../lib';
import { NamespaceInbox } from '../support/namespace-inbox';
import { RawClient } from '../support/raw-client';
import { createToken, SECRET } from '../support/tokens';
import { Unharmed } from '../support/unharmed';

/** What parsers of Socket.IO 4.0 to 4.6 let through, and what newer ones refuse by closing the connection. */
const NAMES: [what: string, name: string][] = [
  ['an object', '{}'],
  ['an object that cannot be a string', '{"toString":1,"valueOf":1}'],
  ['lists in lists', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['null', 'null'],
  ['true', 'true'],
  ['a list that looks like an event of the protocol', '["authenticate"]'],
  ['a list that looks like an allowed event', '["login"]'],
];

for (const name of ['socket.io-4-0', 'socket.io']) {
  describe(`on ${name}`, () => {
    let io: Server;
    let http: ReturnType<typeof createServer>;
    let raw: RawClient;
    let unharmed: Unharmed;
    let heard: unknown[];

    beforeEach(async () => {
      unharmed = new Unharmed();
      heard = [];
      // oxlint-disable-next-line typescript/no-require-imports -- one of two versions, which TypeScript cannot know
      const { Server: Version } = require(name) as { Server: typeof Server };
      http = createServer();
      io = new Version(http);
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      const auth = authorize({ secret: SECRET, allow: ['login'], holdEvents: 0 });
      auth.attach(io).on('connection', (socket: Socket) => {
        socket.onAny((event) => heard.push(event));
        socket.on('question', (reply: () => void) => reply());
      });
      raw = await RawClient.open(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, 'websocket');
    });

    afterEach(() => {
      raw.close();
      void io.close();
      http.closeAllConnections();
      unharmed.close();
    });

    for (const [what, json] of NAMES) {
      it(`an event whose name is ${what} does no harm and reaches no listener, before login and after`, async () => {
        raw.send(RawClient.connect());
        await raw.next('CONNECT');
        raw.send(`2[${json}]`, RawClient.event('authenticate', { token: createToken() }));
        const closed = raw.inbox.take('close');
        await Promise.race([raw.next('EVENT'), closed]);
        raw.send(`2[${json}]`, '21["question"]');
        await Promise.race([raw.next('ACK'), closed]);
        expect(heard.filter((one) => one !== 'question')).to.deep.equal([]);
      });
    }

    it('an event named error does no harm, before login and after', async () => {
      raw.send(RawClient.connect());
      await raw.next('CONNECT');
      raw.send(RawClient.event('error', 'x'), RawClient.event('authenticate', { token: createToken() }));
      await raw.next('EVENT');
      await raw.next('EVENT');
      raw.send(RawClient.event('error', 'x'), '21["question"]');
      await raw.next('ACK');
      expect(heard).to.deep.equal(['error', 'question']);
    });

    it('a CONNECT packet with any value instead of an object does no harm', async () => {
      const told = new NamespaceInbox(io.of('/'));
      for (const auth of [null, [], 1, 'x']) {
        const one = await RawClient.open(
          `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
          'websocket',
        );
        one.send(`0${JSON.stringify(auth)}`);
        await Promise.race([one.next('CONNECT'), one.inbox.take('close')]);
        one.close();
      }
      expect(told.events).to.deep.equal([]);
    });
  });
}
