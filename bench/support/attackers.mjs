/**
 * Clients that flood: one packet after the other over a bare WebSocket, or all of them in one HTTP request, which a
 * server takes in at one go.
 */
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const WebSocket = createRequire(require.resolve('engine.io'))('ws');

/** Engine.IO 4: what stands between packets of one HTTP body. */
const SEPARATOR = '\u001e';
/** Bytes on their way before a client waits for the server, as its kernel would have it wait. */
const IN_FLIGHT = 4_000_000;

/** Over a WebSocket. Packets are those of Socket.IO. */
export class WebSocketAttacker {
  #socket;
  #waiting = [];
  #asked = 0;

  /**
   * @param protocol the version of Engine.IO; with 3, Socket.IO connects the main namespace by itself
   * @param headers of the HTTP request
   */
  static async open(port, { protocol = 4, headers = {} } = {}) {
    const attacker = new WebSocketAttacker();
    const url = `ws://127.0.0.1:${port}/socket.io/?EIO=${protocol}&transport=websocket`;
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true, headers });
    attacker.#socket = socket;
    socket.on('message', (data, isBinary) => {
      if (!isBinary) attacker.#onText(data.toString('latin1'));
    });
    socket.on('error', (error) => {
      throw error;
    });
    await attacker.#heard((text) => text.startsWith(protocol === 3 ? '40' : '0'));
    return attacker;
  }

  /** Connects to a namespace, by whichever packet, and waits until the server says that it is. */
  async join(packet = '0') {
    const connected = this.#heard((text) => text.startsWith('40'));
    await this.send([packet]);
    await connected;
  }

  /** Connects, and logs in. */
  async login(token) {
    const authenticated = this.#heard((text) => text.startsWith('42["authenticated"'));
    await this.join(`0{"token":"${token}"}`);
    // A server without the library says nothing; what it answers comes after it.
    await Promise.race([authenticated, this.done()]);
  }

  /** Sends packets, the binary ones as buffers; no faster than they can leave. */
  async send(packets) {
    for (const packet of packets) {
      this.#socket.send(typeof packet === 'string' ? `4${packet}` : packet);
      if (this.#socket.bufferedAmount > IN_FLIGHT) await new Promise(setImmediate);
      while (this.#socket.bufferedAmount > IN_FLIGHT / 4) await new Promise((done) => setTimeout(done, 1));
    }
  }

  /** Resolves when the server has dealt with everything that was sent before. */
  async done() {
    this.#asked += 1;
    // Far from the ids that a flood uses.
    const id = 1_000_000_000 + this.#asked;
    const answered = this.#heard((text) => text.startsWith(`43${id}`));
    await this.send([`2${id}["done"]`]);
    await answered;
  }

  close() {
    this.#socket.terminate();
  }

  #heard(matches) {
    return new Promise((done) => {
      this.#waiting.push({ matches, done });
    });
  }

  #onText(text) {
    const index = this.#waiting.findIndex(({ matches }) => matches(text));
    if (index >= 0) this.#waiting.splice(index, 1)[0].done();
  }
}

/** Over HTTP long polling. */
export class PollingAttacker {
  #agent = new Agent({ keepAlive: true });
  #port;
  #protocol;
  #headers;
  #path;
  #isOpen = true;

  static async open(port, { protocol = 4, headers = {} } = {}) {
    const attacker = new PollingAttacker();
    attacker.#port = port;
    attacker.#protocol = protocol;
    attacker.#headers = headers;
    attacker.#path = `/socket.io/?EIO=${protocol}&transport=polling`;
    const greeting = await attacker.#ask('GET');
    attacker.#path += `&sid=${JSON.parse(/\{.*?\}/.exec(greeting)[0]).sid}`;
    void attacker.#listen();
    return attacker;
  }

  /** Sends packets in one request; resolves when the server has dealt with them, but for what it awaits. */
  async send(packets) {
    const framed = packets.map((packet) => `4${packet}`);
    const body =
      this.#protocol === 4
        ? framed.join(SEPARATOR)
        : framed.map((packet) => `${packet.length}:${packet}`).join('');
    await this.#ask('POST', body);
  }

  close() {
    this.#isOpen = false;
    void this.#ask('POST', this.#protocol === 4 ? '1' : '1:1').catch(() => '');
  }

  /** Takes what the server answers, as a client does. */
  async #listen() {
    while (this.#isOpen) await this.#ask('GET').catch(() => '');
    this.#agent.destroy();
  }

  #ask(method, body) {
    const headers = { ...this.#headers, 'content-type': 'text/plain;charset=UTF-8' };
    const options = { port: this.#port, host: '127.0.0.1', path: this.#path, agent: this.#agent };
    return new Promise((done, fail) => {
      const asking = request({ ...options, method, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => done(Buffer.concat(chunks).toString()));
        response.on('error', fail);
        if (response.statusCode !== 200) this.#isOpen = false;
      });
      asking.on('error', fail);
      asking.end(body);
    });
  }
}
