/**
 * Socket.IO without a network: a real server and real namespaces over transports that only count. What is left is what
 * Socket.IO and the library themselves do, in one thread, with little noise.
 */
import { EventEmitter } from 'node:events';
import { Server } from 'socket.io';

let made = 0;

class FakeTransport extends EventEmitter {
  id = `transport-${(made += 1)}`;
  protocol = 4;
  readyState = 'open';
  remoteAddress = '127.0.0.1';
  transport = { name: 'websocket', writable: true };
  request = { url: '/socket.io/', headers: {}, method: 'GET', connection: {}, _query: {} };
  sent = 0;

  write() {
    this.sent += 1;
  }

  flush() {}

  close() {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', 'forced close');
  }

  receive(text) {
    this.emit('data', text);
  }
}

export class FakeNetwork {
  io = new Server();

  connect(token) {
    const transport = new FakeTransport();
    this.io.onconnection(transport);
    transport.receive(token === undefined ? '0' : `0{"token":"${token}"}`);
    return transport;
  }
}

/** Until everything that was put off to a later tick has run. */
export const settle = () => new Promise((done) => setImmediate(done));

/** CPU that this process uses meanwhile, in µs. */
export async function cpuOf(action) {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
