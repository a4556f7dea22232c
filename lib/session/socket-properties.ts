import { callGuarded } from '../runtime/warnings';
import { toSocketAuth } from '../token/permit';
import type { Permit } from '../token/permit';
import type { AnySocket, SocketAuth } from '../types';

/** The names of the properties that show a socket's identity. */
export interface PropertyNames {
  readonly decodedPropertyName: string;
  readonly encodedPropertyName: string;
}

/** Sets a socket's identity: `decoded_token`, `encoded_token` and `socket.data.auth`. */
export function showIdentity(socket: AnySocket, permit: Permit, names: PropertyNames): void {
  const properties = socket as unknown as Record<string, unknown>;
  properties[names.decodedPropertyName] = permit.decoded;
  // Not enumerable, so that printing or copying a socket does not reveal the token.
  Object.defineProperty(socket, names.encodedPropertyName, {
    value: permit.token,
    configurable: true,
    enumerable: false,
    writable: true,
  });
  shareAuth(socket, toSocketAuth(permit));
}

/** Removes what {@link showIdentity} has set. */
export function hideIdentity(socket: AnySocket, names: PropertyNames): void {
  const properties = socket as unknown as Record<string, unknown>;
  delete properties[names.decodedPropertyName];
  delete properties[names.encodedPropertyName];
  shareAuth(socket, undefined);
}

/** The application owns `socket.data`: it may have frozen or replaced it. */
function shareAuth(socket: AnySocket, auth: SocketAuth | undefined): void {
  const data = socket.data as { auth?: SocketAuth } | null | undefined;
  if (typeof data !== 'object' || data === null) return;
  callGuarded('setting socket.data.auth', () => {
    if (auth === undefined) delete data.auth;
    else data.auth = auth;
  });
}
