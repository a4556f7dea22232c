export { jwksSecret } from './token/jwks';
export type { JwksKeyFunction, JwksOptions } from './token/jwks';
