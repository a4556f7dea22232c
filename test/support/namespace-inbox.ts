import type { UnauthorizedError } from '../../lib';
import { Inbox } from './inbox';
import type { AnyNamespace, AnySocket } from '../../lib';

/** What a namespace's local listeners are told, by event name. */
export class NamespaceInbox extends Inbox {
  constructor(namespace: AnyNamespace) {
    super();
    for (const event of ['authenticated', 'reauthenticated', 'unauthorized', 'deauthenticated']) {
      namespace.on(event, (...args: unknown[]) => this.push(event, args));
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
