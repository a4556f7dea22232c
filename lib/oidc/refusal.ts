/**
 * The refusal of a logout request, because the provider sent something wrong. The message comes from this library and
 * contains no part of the token, so the provider may read it.
 */
export class LogoutRefusal extends Error {}
