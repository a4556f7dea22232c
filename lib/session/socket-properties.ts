import { callGuarded } from '../runtime/warnings';
import { toSocketAuth } from '../token/permit';
import type { Permit } from '../token/permit';
import type { AnySocket, SocketAuth } from '../types';

/** The names of the properties that show a socket's identity. */
export interface PropertyNames {
  readonly decodedPropertyName: string;
  readonly encodedPropertyName: string;
}

/** Shows on a socket who it is: `decoded_token`, `encoded_token` and `socket.data.auth`. */
export function showIdentity(socket: AnySocket, permit: Permit, names: PropertyNames): void {
  const properties = socket as unknown as Record<string, unknown>;
  properties[names.decodedPropertyName] = permit.decoded;
  // Not enumerable: whoever prints or copies a socket does not mean the token.
  Object.defineProperty(socket, names.encodedPropertyName, {
    value: permit.token,
    configurable: true,
    enumerable: false,
    writable: true,
  });
  shareAuth(socket, toSocketAuth(permit));
}

/** Takes all of it away. */
export function hideIdentity(socket: AnySocket, names: PropertyNames): void {
  const properties = socket as unknown as Record<string, unknown>;
  delete properties[names.decodedPropertyName];
  delete properties[names.encodedPropertyName];
  shareAuth(socket, undefined);
}

/** `socket.data` is the application's: it may have frozen it, or put anything there. */
function shareAuth(socket: AnySocket, auth: SocketAuth | undefined): void {
  const data = socket.data as { auth?: SocketAuth } | null | undefined;
  if (typeof data !== 'object' || data === null) return;
  callGuarded('setting socket.data.auth', () => {
    if (auth === undefined) delete data.auth;
    else data.auth = auth;
  });
}
