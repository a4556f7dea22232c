/** Packet types of the Socket.IO protocol, version 5. */
export const DISCONNECT = 1;
export const EVENT = 2;
export const ACK = 3;
export const BINARY_EVENT = 5;
export const BINARY_ACK = 6;
