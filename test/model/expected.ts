/** What the model says: what must have been heard, answered and ended so far. */
import type { Act, Deeds, Hook, PlannedDeed } from './deeds';
import { connected } from './line';
import type { Line, LineSocket } from './line';
import type { Permission } from './permission';
import type { Message, Outside, Shown } from './terms';

/** Does to the model what a deed does to the library. */
export type Doing = (deed: PlannedDeed, line: Line, place: string) => void;

export class Expected implements Outside {
  lines: readonly Line[] = [];
  /** What must have been heard, by line and place, as `message: user`. */
  readonly heard = new Map<string, string[]>();
  readonly ended: string[] = [];
  readonly welcomed: string[] = [];
  /** What has happened, so that a test can say that it did. */
  readonly seen = new Set<string>();
  readonly #senders = new Map<number, string>();

  constructor(
    readonly deeds: Deeds,
    readonly act: Doing,
  ) {}

  /** A message is sent, from a line and place. */
  sent({ id, place }: Message, line: Line): void {
    this.#senders.set(id, `${line.name} ${place}`);
  }

  readonly senderOf = (id: number): string => this.#senders.get(id) as string;

  answer({ question, place, socket }: Shown, code: string): void {
    this.seen.add(`answer: ${code}`);
    const line = this.lines.find(({ sockets }) => sockets.get(place) === socket);
    const isHeard = line !== undefined && !line.isCut && line.sockets.get(place)?.isGone === false;
    if (question !== undefined && isHeard) line.answers.set(question, code);
  }

  refuse(shown: Shown, code: string): void {
    const { by, place, socket } = shown;
    if (this.#lineOf(by)?.sockets.get(place) === socket) this.during('unauthorized', by, place);
    this.answer(shown, code);
  }

  hear({ id, place }: Message, sub: string, by: Permission): void {
    // An earlier message may have closed the socket.
    if (!this.#lineOf(by)?.sockets.has(place)) return;
    this.seen.add('heard');
    const sender = this.senderOf(id);
    this.heard.set(sender, [...(this.heard.get(sender) ?? []), `${id}: ${sub}`]);
    this.during('event', by, place);
  }

  end(permission: Permission, reason: string, disconnectAt?: number): void {
    this.seen.add(`end: ${reason}`);
    const line = this.#lineOf(permission);
    const sockets = [...(line?.sockets.entries() ?? [])].filter(([, one]) => one.permission === permission);
    for (const [place] of sockets) this.during('leave-room', permission, place);
    for (const [, socket] of sockets) socket.rooms.clear();
    for (const [place, { sid }] of sockets) {
      this.ended.push(`${sid}: ${reason}`);
      // The application is told of a socket that an earlier listener has closed, too.
      if (line !== undefined) this.#do('deauthenticated', line, place);
    }
    if (disconnectAt !== undefined && sockets.length > 0) line?.disconnect(permission, disconnectAt);
  }

  disconnect(permission: Permission): void {
    this.#lineOf(permission)?.disconnect(permission, Date.now());
  }

  isPresent(permission: Permission): boolean {
    const sockets = this.#lineOf(permission)?.sockets.values() ?? [];
    return [...sockets].some((one) => one.permission === permission);
  }

  during(hook: Hook, permission: Permission, at?: string): boolean {
    const line = this.#lineOf(permission);
    const { token } = permission;
    for (const [place, socket] of line?.sockets ?? []) {
      if (socket.permission !== permission || (at ?? place) !== place) continue;
      // A listener may have ended it. The application's `rooms` is asked all the same.
      if (hook !== 'rooms' && permission.token !== token) return false;
      const isRun = runs(hook, socket);
      const act = isRun ? this.#do(hook, line as Line, place) : undefined;
      if (act === 'throw' && ASKED.has(hook)) return true;
    }
    return false;
  }

  #do(hook: Hook, line: Line, place: string): Act | undefined {
    if (WELCOMES.has(hook)) this.welcomed.push(`${line.sockets.get(place)?.sid}: ${hook}`);
    const deed = this.deeds.take('model', hook, `${line.name} ${place}`);
    if (deed !== undefined) this.act(deed, line, place);
    return deed?.act;
  }

  #lineOf(permission: Permission): Line | undefined {
    return this.lines.find((line) => line.has(permission));
  }
}

const WELCOMES: ReadonlySet<Hook> = new Set(['authenticated', 'reauthenticated']);

/** Functions whose exception refuses what they are asked for. */
const ASKED: ReadonlySet<Hook> = new Set(['rooms', 'permission']);

/** Whether a listener runs for a socket: it joins the room of its user once, and leaves it once. */
function runs(hook: Hook, socket: LineSocket): boolean {
  if (hook === 'leave-room' && !socket.isInUserRoom) return false;
  if (hook === 'join-room') socket.isInUserRoom = true;
  if (hook === 'leave-room') socket.isInUserRoom = false;
  if (hook === 'authenticated') connected(socket);
  return true;
}
