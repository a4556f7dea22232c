import { callGuarded } from '../runtime/warnings';
import { dynamicIndexOf, reachesOthers } from '../socket-io/namespaces';
import type { AnyNamespace, AnyServer } from '../types';
import type { RuleMessage } from './rule-messages';

/** The event between nodes, over the main namespace's adapter. No client can send or receive it. */
const REVOKE = 'socketio-authorize:revoke';

interface Message {
  /** The namespaces that the sending authorizer guards. */
  guarded: string[];
  rule: RuleMessage;
}

/**
 * Connects an authorizer with its counterparts on other nodes. They recognize each other by the namespaces that they
 * guard, because all nodes of a cluster run the same code. Two authorizers for different users must not end each
 * other's sessions. Messages use the main namespace, which every node has; a dynamic one may be missing on some nodes.
 */
export class ClusterChannel {
  readonly #guarded = new Set<string>();
  readonly #servers = new Set<AnyServer>();
  readonly #receive: (rule: unknown) => void;

  constructor(receive: (rule: unknown) => void) {
    this.#receive = receive;
  }

  /** Listens for messages about a namespace. */
  join(namespace: AnyNamespace): void {
    const dynamic = dynamicIndexOf(namespace);
    this.#guarded.add(dynamic === undefined ? namespace.name : `dynamic:${dynamic}`);
    const { server } = namespace;
    if (this.#servers.has(server)) return;
    this.#servers.add(server);
    mainOf(server).on(REVOKE, this.#onMessage);
  }

  /** Tells the other nodes. Delivery is not confirmed. */
  publish(rule: RuleMessage): void {
    const message: Message = { guarded: [...this.#guarded], rule };
    for (const server of this.#servers) {
      const main = mainOf(server);
      if (reachesOthers(main)) callGuarded('serverSideEmit', () => main.serverSideEmit(REVOKE, message));
    }
  }

  close(): void {
    for (const server of this.#servers) mainOf(server).off(REVOKE, this.#onMessage);
    this.#servers.clear();
  }

  readonly #onMessage = (message: unknown): void => {
    if (typeof message !== 'object' || message === null) return;
    const { guarded, rule } = message as Partial<Record<keyof Message, unknown>>;
    if (!Array.isArray(guarded)) return;
    if (guarded.some((name) => this.#guarded.has(name as string))) this.#receive(rule);
  };
}

const mainOf = (server: AnyServer): AnyNamespace => server.of('/');
