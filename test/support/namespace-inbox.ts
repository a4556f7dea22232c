import type { AnyNamespace, AnySocket, UnauthorizedError } from '../../lib';
import { Inbox } from './inbox';

/** The events that a namespace's local listeners get from the library. */
export class NamespaceInbox extends Inbox {
  #namespace: AnyNamespace | undefined;

  constructor(namespace?: AnyNamespace) {
    super();
    if (namespace !== undefined) this.listen(namespace);
  }

  /** Starts anew with another namespace. Later events of the former one are ignored. */
  listen(namespace: AnyNamespace): void {
    this.clear();
    this.#namespace = namespace;
    for (const event of ['authenticated', 'reauthenticated', 'unauthorized', 'deauthenticated']) {
      namespace.on(event, (...args: unknown[]) => {
        if (this.#namespace === namespace) this.push(event, args);
      });
    }
  }

  async socket(event: string): Promise<AnySocket> {
    const [socket] = await this.take(event);
    return socket as AnySocket;
  }

  /** The codes of all refusals so far. */
  get codes(): string[] {
    return this.all('unauthorized').map(([, error]) => (error as UnauthorizedError).code);
  }
}
