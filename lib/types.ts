import type { KeyObject } from 'node:crypto';
import type { Namespace, Server, Socket } from 'socket.io';

/** The registered claims of a JWT (RFC 7519 §4.1), and any other. */
export interface JwtClaims {
  /** The issuer. */
  iss?: string;
  /** The subject. */
  sub?: string;
  /** The audience. */
  aud?: string | string[];
  /** When it expires, in seconds since the epoch. */
  exp?: number;
  /** When it becomes valid, in seconds since the epoch. */
  nbf?: number;
  /** When it was issued, in seconds since the epoch. */
  iat?: number;
  /** The token's id. */
  jti?: string;
  [claim: string]: unknown;
}

/** A token's header (RFC 7515 §4.1). */
export interface JwtHeader {
  /** The algorithm. */
  alg: string;
  /** The media type. */
  typ?: string;
  /** The key's name. */
  kid?: string;
  [parameter: string]: unknown;
}

/** What revocation rules look at in a token: registered claims, as text (RFC 7519 §4.1, OpenID Connect Core §2). */
export interface TokenIdentity {
  /** The token's id. */
  readonly jti?: string;
  /** The user, by `userClaim`. */
  readonly sub?: string;
  /** The session at an OpenID provider. */
  readonly sid?: string;
  /** The issuer. */
  readonly iss?: string;
  /** When it was issued, in seconds since the epoch. */
  readonly iat?: number;
}

/** A token that is decoded but not verified: use it only to find the token's key. */
export interface UnverifiedToken {
  /** Its header. */
  header: JwtHeader;
  /** Its claims. */
  payload: JwtClaims;
}

// By inference, because Socket.IO's classes have two type parameters in 4.0, three in 4.1, and four today.
/** A server's socket, whatever event maps it has. */
export type AnySocket = InstanceType<typeof Socket>;
/** A namespace, whatever event maps it has. */
export type AnyNamespace = InstanceType<typeof Namespace>;
/** A server, whatever event maps it has. */
export type AnyServer = InstanceType<typeof Server>;

/** What `socket.data.auth` holds while the socket is authenticated. */
export interface SocketAuth<Claims = JwtClaims> {
  /** The claims of the session's current token. */
  claims: Claims;
  /** When the session ends, in ms since the epoch; `null` if it has no end. */
  expiresAt: number | null;
}

/**
 * To be joined to the application's `SocketData`:
 *
 * @example interface SocketData extends AuthorizeSocketData<MyClaims> { theme: string }
 */
export interface AuthorizeSocketData<Claims = JwtClaims> {
  /** Left out while the socket is not authenticated. */
  auth?: SocketAuth<Claims>;
}

/** A signature or MAC algorithm that `jsonwebtoken` verifies (RFC 7518 §3.1). */
export type Algorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512';

/** A key as JSON (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Members that are not here are ignored. */
export interface Jwk {
  /** The type of the key: `'RSA'`, `'EC'`, `'OKP'`, or `'oct'` for a shared secret. */
  readonly kty?: string | undefined;
  /** The use: anything but `'sig'` is refused. */
  readonly use?: string | undefined;
  /** The operations: without `'verify'` or `'sign'` the key is refused. */
  readonly key_ops?: readonly string[] | undefined;
  /** The one algorithm that it is for. Default: those of its type. */
  readonly alg?: string | undefined;
  /** Its name: tokens that name another key are not verified with it. */
  readonly kid?: string | undefined;
  /** The modulus of an RSA key. */
  readonly n?: string | undefined;
  /** The exponent of an RSA key. */
  readonly e?: string | undefined;
  /** The curve. */
  readonly crv?: string | undefined;
  /** A point of the curve. */
  readonly x?: string | undefined;
  /** A point of the curve. */
  readonly y?: string | undefined;
  /** A shared secret. */
  readonly k?: string | undefined;
}

/** Keys as JSON (RFC 7517 §5). Keys that cannot verify are ignored, as long as one can. */
export interface JwkSet {
  /** The keys. */
  readonly keys: readonly Jwk[];
}

/**
 * A key as the application has it: a shared secret (a string or bytes); a public key, a certificate or a private key,
 * whose public part is used (PEM, DER, Base64 or hex of these, JWK or JWK set, as text or bytes); a JWK or a JWK set as
 * object; or a `KeyObject`.
 */
export type KeyMaterial = string | Uint8Array | ArrayBuffer | KeyObject | Jwk | JwkSet;

/** What `revoke` takes: one of `jti`, `sid` and `sub`, and what narrows it. */
export type Revocation = {
  /** Only tokens of this issuer; of every issuer if left out. */
  iss?: string | undefined;
  /** When the last of those tokens expires, if known (a `Date` or whole seconds): the rule is forgotten then. */
  exp?: Date | number | undefined;
} & (
  | {
      /** The one token to refuse, by its `jti`. */
      jti: string;
    }
  | {
      /** The session at an OpenID provider whose tokens to refuse, by their `sid`. */
      sid: string;
    }
  | {
      /** The user whose tokens to refuse, see `userClaim`. */
      sub: string;
      /**
       * Tokens with an earlier `iat` are refused (a `Date` or whole seconds), and their sessions end. Left out: every
       * live session of the user ends, and tokens with an `iat` up to and including this second are refused.
       */
      issuedBefore?: Date | number | undefined;
      /**
       * The grace period of live sessions, in ms. Each is asked for a fresh token (`token_expiring`), and stays if it
       * renews with one that the rule does not refuse. Left out: they end at once.
       */
      grace?: number | undefined;
    }
);

/** A rule as it is kept. */
export type RevocationRule = {
  /** The revocation's id. Several nodes may add one rule: entries with the same `id` are the same rule. */
  readonly id?: string;
  /** Only tokens of this issuer; of every issuer if left out. */
  readonly iss?: string;
  /** When the rule can be forgotten, in ms since the epoch; `null` if that is not known. */
  readonly expiresAt: number | null;
} & (
  | {
      /** The one token to refuse. */
      readonly jti: string;
    }
  | {
      /** The session at an OpenID provider whose tokens to refuse. */
      readonly sid: string;
    }
  | {
      /** The user whose tokens to refuse. */
      readonly sub: string;
      /** Seconds: tokens with `iat` before it, or without `iat`, are refused. */
      readonly issuedBefore: number;
      /** Ms since the epoch: live sessions that began until then end whatever their `iat`. Left out: by `iat` alone. */
      readonly revokedAt?: number;
      /** Ms since the epoch: live sessions may continue until then. Left out: they end at once. */
      readonly graceUntil?: number;
    }
);

/** What {@link RevocationStore.rulesSince} answers. */
export interface NewRules {
  /** Rules that were added since the cursor. Earlier rules may be among them. */
  readonly rules: readonly RevocationRule[];
  /** The cursor for the next call. */
  readonly cursor: unknown;
  /** `true` if the store no longer has all rules since the cursor. Each live session is then looked up once. */
  readonly incomplete?: boolean;
}

/** Keeps revocation rules beyond a process's life. Write your own for another database than Redis. */
export interface RevocationStore {
  /**
   * Keeps a rule until its `expiresAt`. Several nodes may add the same rule. Of two rules for one `sub`, the later
   * `issuedBefore` counts. Rejects if it cannot be kept.
   */
  add(rule: RevocationRule): unknown;
  /**
   * Whether a rule refuses a token. Throws or rejects if it cannot tell: the client then gets
   * `revocation_unavailable`.
   *
   * After `true` it is asked once more without `sub`: a refusal by `jti` or `sid` is final, while after one by `sub`
   * the client may try again with a fresh token.
   */
  isRevoked(identity: TokenIdentity): boolean | PromiseLike<boolean>;
  /**
   * The rules that were added since an earlier call. Each node asks every `recheckInterval`, and ends the sessions
   * that they name, so that revocation arrives where the adapter lost a message.
   *
   * @param cursor the last call's `cursor`; left out at the first call: all rules that the store can still list
   */
  rulesSince?(cursor?: unknown): NewRules | PromiseLike<NewRules>;
}
