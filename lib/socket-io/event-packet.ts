/** An EVENT packet of the Socket.IO protocol: the event's name and arguments, and an id if it wants an answer. */
export interface EventPacket {
  readonly type: number;
  data?: unknown[];
  id?: number;
}
