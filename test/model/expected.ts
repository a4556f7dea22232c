/** What the model says: what must have been heard, answered and ended so far. */
import type { Line } from './line';
import type { Permission } from './permission';
import type { Message, Outside, Shown } from './terms';

export class Expected implements Outside {
  lines: readonly Line[] = [];
  /** What must have been heard, by line and place, as `message: user`. */
  readonly heard = new Map<string, string[]>();
  readonly ended: string[] = [];
  /** What has happened, so that a test can say that it did. */
  readonly seen = new Set<string>();
  readonly #senders = new Map<number, string>();

  /** A message is sent, from a line and place. */
  sent({ id, place }: Message, line: Line): void {
    this.#senders.set(id, `${line.name} ${place}`);
  }

  readonly senderOf = (id: number): string => this.#senders.get(id) as string;

  answer({ question, place, socket }: Shown, code: string): void {
    this.seen.add(`answer: ${code}`);
    const line = this.lines.find(({ sockets }) => sockets.get(place) === socket);
    if (question !== undefined) line?.answers.set(question, code);
  }

  hear({ id }: Message, sub: string): void {
    this.seen.add('heard');
    const sender = this.senderOf(id);
    this.heard.set(sender, [...(this.heard.get(sender) ?? []), `${id}: ${sub}`]);
  }

  end(permission: Permission, reason: string): void {
    this.seen.add(`end: ${reason}`);
    for (const socket of this.#lineOf(permission)?.sockets.values() ?? []) {
      if (socket.permission !== permission) continue;
      socket.isInLounge = false;
      this.ended.push(`${socket.sid}: ${reason}`);
    }
  }

  disconnect(permission: Permission, at = Date.now()): void {
    this.#lineOf(permission)?.disconnect(permission, at);
  }

  #lineOf(permission: Permission): Line | undefined {
    return this.lines.find((line) => line.permissions.has(permission));
  }
}
