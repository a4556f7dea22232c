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
  /** When it begins to count, in seconds since the epoch. */
  nbf?: number;
  /** When it was issued, in seconds since the epoch. */
  iat?: number;
  /** The token's own name. */
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
  /** The token's own name. */
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

/** A token taken apart but not verified: enough to find its key, and for nothing else. */
export interface UnverifiedToken {
  /** Its header. */
  header: JwtHeader;
  /** Its claims. */
  payload: JwtClaims;
}

// By inference, since Socket.IO's classes have two type parameters in 4.0, three in 4.1, and four today.
/** A server's socket, whatever event maps it has. */
export type AnySocket = InstanceType<typeof Socket>;
/** A namespace, whatever event maps it has. */
export type AnyNamespace = InstanceType<typeof Namespace>;
/** A server, whatever event maps it has. */
export type AnyServer = InstanceType<typeof Server>;

/** What `socket.data.auth` holds while the socket is authenticated. */
export interface SocketAuth<Claims = JwtClaims> {
  /** The claims of the token that the session rests on. */
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
  /** What it is for: anything but `'sig'` is refused. */
  readonly use?: string | undefined;
  /** What it is for: without `'verify'` or `'sign'` it is refused. */
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

/** Keys as JSON (RFC 7517 §5). Those that cannot verify are passed over, as long as one can. */
export interface JwkSet {
  /** The keys. */
  readonly keys: readonly Jwk[];
}

/**
 * A key as the application has it: a shared secret (a string or bytes); a public key, a certificate or a private key,
 * whose public part is used (PEM, DER, Base64 of these, JWK or JWK set, as text or bytes); a JWK or a JWK set as
 * object; or a `KeyObject`.
 */
export type KeyMaterial = string | Uint8Array | ArrayBuffer | KeyObject | Jwk | JwkSet;

/** What `revoke` takes. */
export type Revocation =
  | {
      /** The one token to refuse, by its `jti`. */
      jti: string;
      /** When that token expires, if known (a `Date` or whole seconds): the rule is forgotten then. */
      exp?: Date | number;
    }
  | {
      /** The subject whose tokens to refuse. */
      sub: string;
      /** Tokens with an earlier `iat` are refused (a `Date` or whole seconds). Default: those up to this second. */
      issuedBefore?: Date | number;
      /** When the last of those tokens expires, if known (a `Date` or whole seconds): the rule is forgotten then. */
      exp?: Date | number;
    };

/** A rule as it is kept and as it travels between nodes. */
export type RevocationRule =
  | {
      /** The one token to refuse. */
      readonly jti: string;
      /** When the rule can be forgotten, in ms since the epoch; `null` if that is not known. */
      readonly expiresAt: number | null;
    }
  | {
      /** The subject whose tokens to refuse. */
      readonly sub: string;
      /** Seconds: tokens with `iat` before it, or without `iat`, are refused. */
      readonly issuedBefore: number;
      /** When the rule can be forgotten, in ms since the epoch; `null` if that is not known. */
      readonly expiresAt: number | null;
    };

/** Where revocation rules outlive a process. Write your own for another database than Redis. */
export interface RevocationStore {
  /**
   * Keeps a rule until its `expiresAt`. The same rule may be added by several nodes; of two for one `sub` the later
   * `issuedBefore` counts. Rejects if it cannot be kept.
   */
  add(rule: RevocationRule): unknown;
  /**
   * Whether a rule refuses a token. Throws or rejects if that cannot be told: the client then gets
   * `revocation_unavailable`.
   */
  isRevoked(identity: TokenIdentity): boolean | PromiseLike<boolean>;
}
