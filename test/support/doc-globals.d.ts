/** What the documents' code blocks take as given, as their prose says. */
declare const io: import('socket.io').Server &
  typeof import('socket.io-client').io & { connect: typeof import('socket.io-client').io };
declare const socket: import('socket.io-client').Socket;
declare const url: string;
declare const token: string;
declare const client: import('redis').RedisClientType;
declare const limiter: { consume(key: string): Promise<unknown> };
declare const jwksUri: string;
declare const issuer: string;
declare const audience: string;
declare function fetchToken(): Promise<string>;
declare function showLogin(code: string): void;
declare function findUser(sub: unknown): Promise<object>;
/** Google's SDK is not installed here. This is what the documents use of it. */
declare module 'firebase-admin/app' {
  export function initializeApp(options: { projectId: string }): object;
}
declare module 'firebase-admin/auth' {
  export function getAuth(app: object): {
    verifyIdToken(token: string): Promise<{ sub: string; exp: number; iat: number }>;
  };
}
