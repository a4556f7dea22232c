import { io as connect } from 'socket.io-client';
import jwt from 'jsonwebtoken';

/** What a rule works with: tokens that the server accepts, and clients that record what they receive. */
export class Bench {
  #clients = [];

  /**
   * @param {{ url: string, secret: string, timeout: number, patience: number }} target `timeout`: the server's own, in
   *   ms; `patience`: how long the server has for an answer, in ms
   */
  constructor(target) {
    this.target = target;
  }

  /** A token that the server accepts. All have the same subject. */
  token(claims = {}, options = { expiresIn: 300 }, secret = this.target.secret) {
    return jwt.sign({ sub: 'conformance', ...claims }, secret, { algorithm: 'HS256', ...options });
  }

  /** A client that is connecting. */
  client(auth) {
    const peer = new Peer(this.target, auth);
    this.#clients.push(peer);
    return peer;
  }

  /** A client that has connected without a token. */
  async pending() {
    const peer = this.client();
    await peer.until('connect');
    return peer;
  }

  /** A client that has logged in. */
  async authenticated(token = this.token()) {
    const peer = await this.pending();
    const reply = await peer.authenticate(token);
    must(reply?.ok === true, `a good token was refused: ${JSON.stringify(reply)}`);
    await peer.until('authenticated');
    return peer;
  }

  close() {
    for (const peer of this.#clients) peer.socket.disconnect();
    this.#clients = [];
  }
}

class Peer {
  log = [];
  #waiting = new Set();

  constructor({ url, patience }, auth) {
    this.patience = patience;
    this.socket = connect(url, { transports: ['websocket'], forceNew: true, reconnection: false, auth });
    this.socket.onAny((event, ...args) => this.#came(event, args));
    for (const event of ['connect', 'disconnect', 'connect_error']) {
      this.socket.on(event, (...args) => this.#came(event, args));
    }
  }

  #came(event, args) {
    this.log.push({ event, args });
    for (const look of this.#waiting) look();
  }

  /** The payloads of all events of that name so far. */
  all(event) {
    return this.log.filter((one) => one.event === event).map(({ args }) => args[0]);
  }

  /** Waits for an event that satisfies the condition. Events that have arrived already count. */
  until(event, satisfies = () => true, patience = this.patience) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.log.find((one) => one.event === event && satisfies(one.args[0]));
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found.args[0]);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const came = this.log.map((one) => one.event).join(', ') || 'nothing';
        reject(new Broken(`no '${event}' within ${patience} ms; there came: ${came}`));
      }, patience);
      this.#waiting.add(look);
      look();
    });
  }

  /** The refusal with that code. */
  refusal(code, patience) {
    return this.until('unauthorized', (payload) => payload?.data?.code === code, patience);
  }

  /** Sends a value as a token, and waits for the acknowledgement. */
  async authenticate(token) {
    return this.#ask('authenticate', { token });
  }

  /** Sends any value as the payload of `authenticate`. */
  async authenticateWith(payload) {
    return this.#ask('authenticate', payload);
  }

  logout() {
    return this.#ask('deauthenticate');
  }

  async #ask(event, ...args) {
    try {
      return await this.socket.timeout(this.patience).emitWithAck(event, ...args);
    } catch {
      throw new Broken(`'${event}' was not acknowledged within ${this.patience} ms`);
    }
  }

  /**
   * Whether the server drops this socket's events: it then reports an event that no application knows. A server may hold
   * the event until a token has an outcome. So this sends two tokens that are refused.
   */
  async isGated() {
    const name = this.sendUnknown();
    // Twice: the report of a held event may arrive after the first answer.
    for (let times = 0; times < 2; times += 1) await this.authenticate('a marker, and no token');
    return this.isReported(name);
  }

  /** Sends an event that no application knows, and returns its name. */
  sendUnknown() {
    const name = `conformance-${this.log.length}-${Math.random().toString(36).slice(2)}`;
    this.socket.emit(name);
    return name;
  }

  /** Whether the server has reported that it dropped an event. */
  isReported(name) {
    return this.all('unauthorized').some(
      ({ data }) => data?.code === 'not_authenticated' && data.event === name,
    );
  }
}

/** Says that a rule is broken, and how. */
export class Broken extends Error {}

export function must(holds, otherwise) {
  if (!holds) throw new Broken(otherwise);
}
