import { io as connect } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { createToken } from '../support/tokens';
import type { Slot } from './cluster';
import type { Journal } from './journal';

/** What a client knows of a token. */
export interface SoakToken {
  readonly jti: string;
  readonly sub: string;
  readonly sid: string;
  /** In seconds. */
  readonly iat: number;
}

export interface ShownToken {
  readonly claims: SoakToken;
  readonly encoded: string;
}

let tokens = 0;

/** @param seconds that it lives; forever if left out */
export function newToken(sub: string, sid: string, seconds?: number): ShownToken {
  tokens += 1;
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub, sid, jti: `token ${tokens}`, iat };
  return {
    claims,
    encoded: createToken({ ...claims, ...(seconds !== undefined && { exp: iat + seconds }) }),
  };
}

/** A real client, and what it knows of itself. */
export class SoakClient {
  readonly socket: Socket;
  readonly slot: Slot;
  readonly #journal: Journal;
  isAuthenticated = false;
  /** What it is logged in with. */
  token: SoakToken | undefined;
  /** What it has shown with its CONNECT packet. */
  #atConnect: SoakToken | undefined;

  /** @param onExpiring called when the server asks for a fresh token */
  constructor(slot: Slot, journal: Journal, onExpiring: (client: SoakClient) => void) {
    this.slot = slot;
    this.#journal = journal;
    this.socket = connect('http://127.0.0.1', {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      autoConnect: false,
    });
    this.socket.on('authenticated', () => {
      this.isAuthenticated = true;
      // A login by event is acknowledged right after.
      this.token ??= this.#atConnect;
      journal.count('authenticated');
    });
    this.socket.on('unauthorized', ({ data }: { data: { code: string; reason?: string } }) => {
      // A session that ends is disconnected. A renewal that comes too late is refused likewise, and ends nothing.
      journal.count(`unauthorized: ${data.reason ?? data.code}`);
      // Another token, which was shown too early.
      if (data.code !== 'authentication_in_progress') this.#atConnect = undefined;
    });
    this.socket.on('token_expiring', () => onExpiring(this));
    this.socket.on('tick', () => {
      journal.count('message');
      if (!this.isAuthenticated) journal.fault('a message reached a socket that was not authenticated');
    });
    for (const event of ['disconnect', 'connect_error']) this.socket.on(event, () => this.#onClose());
  }

  /** Whether it is neither connected nor on its way. */
  get isIdle(): boolean {
    return !this.socket.active;
  }

  /** Connects to the node that runs in its slot now; does nothing while there is none. */
  connect(token?: ShownToken): void {
    const { node } = this.slot;
    if (node === undefined) return;
    // A node that was started again has another port.
    Object.assign(this.socket.io, { uri: node.url });
    this.#atConnect = token?.claims;
    this.socket.auth = token === undefined ? {} : { token: token.encoded };
    this.socket.connect();
    this.#journal.count('connect');
  }

  show({ encoded, claims }: ShownToken): void {
    this.socket.emit('authenticate', { token: encoded }, ({ ok }: { ok: boolean }) => {
      if (!ok) return;
      if (this.token !== undefined && this.token.sub !== claims.sub)
        this.#journal.fault(`a renewal made ${claims.sub} of ${this.token.sub}`);
      this.token = claims;
    });
  }

  logOut(): void {
    this.socket.emit('deauthenticate', () => this.#forget());
  }

  /** Closes the transport, as a lost network does. */
  drop(): void {
    this.socket.io.engine.close();
  }

  #onClose(): void {
    this.#forget();
    // Without this, a socket whose transport was lost counts as active.
    this.socket.disconnect();
  }

  #forget(): void {
    this.isAuthenticated = false;
    this.token = undefined;
    this.#atConnect = undefined;
  }
}
