/** Socket.IO's undocumented members that this folder uses. The head of each file says which ones it relies on. */
import type { AnyNamespace, AnySocket } from '../types';
import type { EventPacket } from './event-packet';

/** One connection, with its sockets in all namespaces. */
export interface Client {
  readonly sockets: Map<string, AnySocket>;
  readonly nsps: Map<string, AnySocket>;
  readonly conn: {
    readonly readyState: string;
    close(): void;
    once(event: 'close', listener: () => void): void;
  };
}

/** A socket, with what Socket.IO keeps for itself. */
export interface SocketInside {
  readonly nsp: AnyNamespace & { _ids: number };
  readonly client: Client;
  readonly adapter: Adapter;
  readonly acks: Map<number, (this: AnySocket) => void>;
  id: string;
  pid: string | undefined;
  data: unknown;
  recovered: boolean;
  connected: boolean;
  dispatch(event: unknown[]): void;
  run(event: unknown[], done: (error?: Error) => void): void;
  packet(packet: { type: number; data: readonly unknown[]; id?: number }): void;
  _onpacket(packet: EventPacket): void;
  _onclose(reason: string): void;
  _onerror(error: Error): void;
  _cleanup?(): void;
  _error(error: { message: string; data: unknown }): void;
}

/** What recovery keeps of a dropped socket. */
export interface PersistedSession {
  sid: string;
  pid: string;
  data?: unknown;
  rooms: string[];
  missedPackets?: unknown[][];
}

/** An adapter: its records of rooms, and its methods for recovery. */
export interface Adapter {
  readonly nsp: AnyNamespace;
  readonly rooms: Map<string, Set<string>>;
  readonly sids: Map<string, Set<string>>;
  addAll: (id: string, rooms: Set<string>) => Promise<void> | void;
  del: (id: string, room: string) => Promise<void> | void;
  delAll: (id: string) => void;
  socketRooms: (id: string) => Set<string> | undefined;
  disconnectSockets: (filter: SocketFilter, isClosing: boolean) => unknown;
  serverSideEmit?: unknown;
  persistSession?: (session: PersistedSession) => void;
  restoreSession?: (pid: string, offset: string) => PromiseLike<PersistedSession | null> | null;
  broadcast: (packet: EventPacket, options: BroadcastOptions) => unknown;
  addOffsetIfNecessary?: (packet: EventPacket, options: BroadcastOptions, offset: unknown) => void;
  _encode?: (packet: EventPacket, options: { volatile?: boolean }) => unknown;
}

/** Which sockets a command to several sockets is for. */
export interface SocketFilter {
  readonly rooms: ReadonlySet<string>;
  readonly except?: ReadonlySet<string>;
}

/** Which sockets a broadcast is for, and how it is sent. */
export interface BroadcastOptions extends SocketFilter {
  readonly flags?: { readonly volatile?: boolean };
}

export const inside = (socket: AnySocket): SocketInside => socket as unknown as SocketInside;
export const adapterOf = (namespace: AnyNamespace): Adapter => namespace.adapter as unknown as Adapter;
/** Socket.IO's own methods, below those that this library puts on a socket. */
export const protoOf = (socket: SocketInside): SocketInside => Object.getPrototypeOf(socket) as SocketInside;
