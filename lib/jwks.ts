export { jwksVerifier } from './jwks/verifier';
export type { FetchLike, ResponseLike } from './jwks/fetch';
export type { JwksAlgorithm, JwksVerifier, JwksVerifierOptions } from './jwks/settings';
