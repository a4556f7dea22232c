/** What the sockets of a permission send: it waits for a login, travels through the middleware, and is heard. */
import { isAllowed } from './terms';
import type { Permission } from './permission';
import type { Message, Outside, Rules, Token, Travelling } from './terms';

export abstract class Messages {
  token: Token | undefined;
  logins = 0;
  held: Message[] = [];
  travelling: Travelling[] = [];
  /** Whether a token has arrived that is not shown yet. */
  isExpecting = false;

  constructor(
    readonly rules: Rules,
    readonly outside: Outside,
  ) {}

  /** Whether a message waits for the outcome of a token. */
  abstract holds(message: Message): boolean;

  send(message: Message): void {
    const { token, logins } = this;
    if (token !== undefined) {
      if (this.#allows(message)) this.travelling.push({ message, login: logins, token });
    } else if (this.holds(message) || this.isExpecting) {
      const waiting = this.held.filter(({ place }) => place === message.place).length;
      if (waiting < this.rules.holdEvents) this.held.push(message);
    }
  }

  arrive({ message, login, token }: Travelling): void {
    if (this.token === undefined || login !== this.logins) return;
    // A renewal may have taken the permission away since it was sent.
    if (token === this.token || this.#allows(message)) this.outside.hear(message, this.token.sub, this.#self);
  }

  /** The application's function may throw, or end the permission. */
  #allows({ event, place }: Message): boolean {
    const { token } = this;
    if (event === 'admin' && this.outside.during('permission', this.#self, place)) return false;
    return token !== undefined && token === this.token && isAllowed(event, token);
  }

  get #self(): Permission {
    return this as unknown as Permission;
  }
}
