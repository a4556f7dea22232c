/** Engine.IO 4: what stands between packets of one HTTP body. */
const SEPARATOR = '\u001e';
const HEADERS = { 'content-type': 'text/plain;charset=UTF-8' };

/**
 * A connection over HTTP long polling that only speaks: the server's answers stay there. The server takes in all packets
 * of a request at one go, which a flood over a WebSocket cannot be sure of.
 */
export class PollingSession {
  readonly #url: string;
  readonly #protocol: 3 | 4;

  private constructor(url: string, protocol: 3 | 4) {
    this.#url = url;
    this.#protocol = protocol;
  }

  /**
   * @param protocol the version of Engine.IO; with 3, Socket.IO connects the main namespace by itself
   * @param query what the URL carries besides
   */
  static async open(url: string, protocol: 3 | 4 = 4, query = ''): Promise<PollingSession> {
    const base = `${url}/socket.io/?EIO=${protocol}&transport=polling${query}`;
    const greeting = await (await fetch(base)).text();
    const { sid } = JSON.parse(/\{.*?\}/.exec(greeting)?.[0] ?? '{}') as { sid: string };
    return new PollingSession(`${base}&sid=${sid}`, protocol);
  }

  /** Sends packets of Socket.IO in one request; resolves when the server has dealt with them, but for what it awaits. */
  send(...packets: string[]): Promise<void> {
    return this.#post(packets.map((packet) => `4${packet}`));
  }

  /** Closes the transport, as a client does that leaves. */
  close(): Promise<void> {
    return this.#post(['1']);
  }

  async #post(packets: readonly string[]): Promise<void> {
    const body =
      this.#protocol === 4
        ? packets.join(SEPARATOR)
        : packets.map((packet) => `${packet.length}:${packet}`).join('');
    await fetch(this.#url, { method: 'POST', body, headers: HEADERS });
    await new Promise(setImmediate);
  }
}
