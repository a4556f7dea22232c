/** What being authenticated means for one socket: its identity, its rooms, its place in the gauges. */
import { hideIdentity, showIdentity } from './identity';
import { forgetQuestions, leaveRooms } from '../socket-io/internals';
import type { Permit } from '../token/permit';
import type { SessionContext } from './context';
import type { AnySocket } from '../types';

/** A socket has connected and must wait: outside every broadcast, with the rooms that it will be in. */
export function keepWaiting(socket: AnySocket, { settings, stats, lobbyOf }: SessionContext): void {
  stats.pending += 1;
  if (settings.isolate) lobbyOf(socket.nsp).hold(socket.id);
}

/** A socket has connected under a session that is authenticated already. */
export function letInAtOnce(socket: AnySocket, permit: Permit, { settings, stats }: SessionContext): void {
  stats.authenticated += 1;
  showIdentity(socket, permit, settings);
}

/** A waiting socket is authenticated: its rooms take effect. */
export function letIn(socket: AnySocket, permit: Permit, { settings, stats, lobbyOf }: SessionContext): void {
  stats.pending -= 1;
  stats.authenticated += 1;
  showIdentity(socket, permit, settings);
  if (settings.isolate) lobbyOf(socket.nsp).release(socket.id);
}

/**
 * A socket is authenticated no longer, and leaves every room but its own.
 *
 * @param isDisconnecting it keeps its identity: `disconnect` listeners may ask who it was, as after any disconnect
 */
export function putOut(socket: AnySocket, isDisconnecting: boolean, context: SessionContext): void {
  const { settings, stats, lobbyOf } = context;
  stats.authenticated -= 1;
  stats.pending += 1;
  if (!isDisconnecting) hideIdentity(socket, settings);
  forgetQuestions(socket);
  leaveRooms(socket);
  if (settings.isolate) lobbyOf(socket.nsp).hold(socket.id);
}
