/**
 * A logout request that is refused: the provider sent something wrong. Its message is one of the library's own, which
 * the provider may read; nothing of the token is in it.
 */
export class LogoutRefusal extends Error {}
