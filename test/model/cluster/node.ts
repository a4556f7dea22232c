/** One node of a simulated cluster: a real server with the real library. */
import { Server } from 'socket.io';
import { authorize } from '../../../lib';
import type { AnySocket, Authorizer, JwtClaims } from '../../../lib';
import { openMemoryPort } from '../../support/memory-connection';
import type { MemoryPort } from '../../support/memory-connection';
import { MemoryClient } from '../memory-client';
import type { Bus } from './bus';
import { adapterOver } from './bus';
import type { SharedStore } from './store';

export const RECHECK = 1_000;
export const STORE_TIMEOUT = 400;

export interface Claims extends JwtClaims {
  readonly jti: string;
  readonly sub: string;
  readonly sid: string;
  readonly iat: number;
}

/** A client that is logged in, or was. */
export interface Visitor {
  readonly client: MemoryClient;
  readonly claims: Claims;
}

/** Called with each delivery to or from a session. */
type OnDelivery = (claims: Claims, what: string) => void;

export class Node {
  readonly auth: Authorizer;
  readonly io: Server;
  readonly visitors: Visitor[] = [];
  isAlive = true;
  readonly #port: MemoryPort;
  readonly #onDelivery: OnDelivery;

  constructor(
    readonly name: string,
    readonly bus: Bus,
    store: SharedStore,
    onDelivery: OnDelivery,
  ) {
    this.#onDelivery = onDelivery;
    this.io = new Server({ adapter: adapterOver(bus, name) as never });
    this.#port = openMemoryPort(this.io);
    this.auth = authorize({
      verify: (token: string) => JSON.parse(Buffer.from(token, 'base64url').toString()) as Claims,
      revocation: store.open(),
      recheckInterval: RECHECK,
      keyTimeout: STORE_TIMEOUT,
      timeout: 3_600_000,
    });
    this.auth.attach(this.io).on('connection', (socket: AnySocket & { decoded_token?: Claims }) => {
      socket.on('talk', () => {
        if (socket.decoded_token !== undefined) onDelivery(socket.decoded_token, `an event to ${name}`);
      });
    });
  }

  connect(claims: Claims): void {
    const client = new MemoryClient(this.#port, () =>
      this.#onDelivery(claims, `a broadcast by ${this.name}`),
    );
    client.open();
    client.connect('/', { token: Buffer.from(JSON.stringify(claims)).toString('base64url') });
    this.visitors.push({ client, claims });
  }

  /** The process is gone, without a word. */
  kill(): void {
    this.isAlive = false;
    this.bus.leave(this.name);
    for (const { client } of this.visitors) client.drop();
    this.auth.close();
  }
}
