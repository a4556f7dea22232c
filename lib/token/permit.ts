import type { JwtClaims, SocketAuth, TokenIdentity } from '../types';

/** What a verified token gives: the ground that a session stands on until it ends or is renewed. */
export interface Permit {
  /** As `validate` left them. */
  readonly claims: JwtClaims;
  /** What revocation looks at; read before `validate`. */
  readonly identity: TokenIdentity;
  /** Equal for two tokens of one user, see `userKeyOf`; read before `validate`. */
  readonly userKey: string;
  /** What `decoded_token` holds. */
  readonly decoded: unknown;
  /** The encoded token; unknown for a session that was restored. */
  readonly token: string | undefined;
  /** When it ends, in ms since the epoch; `Infinity` if never. */
  readonly endsAt: number;
}

/** What others may see of a permit. */
export function toSocketAuth({ claims, endsAt }: Permit): SocketAuth {
  return { claims, expiresAt: endsAt === Infinity ? null : endsAt };
}

/** A permit as it is kept while its connection is down; plain data. */
export type KeptPermit = Omit<Permit, 'decoded' | 'token' | 'endsAt'> & {
  /** When it ends, in ms since the epoch; `null` if never. */
  readonly expiresAt: number | null;
};

/** Whether what an adapter brings back is a permit: a node of another version may have written it. */
export function isKeptPermit(value: unknown): value is KeptPermit {
  if (typeof value !== 'object' || value === null) return false;
  const { claims, identity, userKey, expiresAt } = value as Record<string, unknown>;
  const isComplete = isObject(claims) && isObject(identity) && typeof userKey === 'string';
  return isComplete && (expiresAt === null || typeof expiresAt === 'number');
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** What to keep of a permit: neither the token nor what `customDecoded` made, which may be no plain data. */
export function keepPermit({ claims, identity, userKey, endsAt }: Permit): KeptPermit {
  return { claims, identity, userKey, expiresAt: endsAt === Infinity ? null : endsAt };
}
