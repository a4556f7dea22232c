/** A server in a process of its own, which tells how much memory it holds: a heap of its own can be measured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { authorize } from '../../lib';
import type { AnySocket, UnauthorizedError } from '../../lib';
import { SECRET } from './tokens';

/** What a test may ask of the server. */
export type MemoryQuestion = 'heap' | 'logins' | 'refusals' | 'sockets' | 'forget';

const http = createServer();
const io = new Server(http, { allowEIO3: true });
const options = { secret: SECRET, required: false, maxTokenBytes: Infinity, maxAttempts: Infinity };

/** What an application may keep of logins and refusals. */
const kept: unknown[] = [];
let logins = 0;
let refusals = 0;

function guard(name: string, more: object): void {
  const auth = authorize({ ...options, ...more });
  auth
    .attach(io.of(name))
    .on('authenticated', (socket: AnySocket & { encoded_token?: string; decoded_token?: unknown }) => {
      logins += 1;
      kept.push(socket.encoded_token, socket.decoded_token);
    })
    .on('unauthorized', (_socket: AnySocket, error: UnauthorizedError) => {
      refusals += 1;
      kept.push(error);
    });
}

guard('/event', {});
guard('/handshake', { handshake: true, cookie: 'jwt' });
guard('/get-token', {
  handshake: true,
  // As an application may cut it out.
  getToken: ({ handshake }: AnySocket) => (handshake.auth as { jwt: string }).jwt.slice('jwt='.length).trim(),
});

const collect = (global as { gc?: () => void }).gc as () => void;

async function heap(): Promise<number> {
  // What closed sockets leave to later ticks is gone after some.
  for (let times = 0; times < 5; times += 1) {
    await new Promise(setImmediate);
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const answers: Record<MemoryQuestion, () => number | Promise<number>> = {
  heap,
  logins: () => logins,
  refusals: () => refusals,
  sockets: () => io.engine.clientsCount,
  forget: () => {
    kept.length = 0;
    return 0;
  },
};

process.on('disconnect', () => process.exit());
process.on('message', (question: MemoryQuestion) => {
  void Promise.resolve(answers[question]()).then((answer) => process.send?.(answer));
});
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
