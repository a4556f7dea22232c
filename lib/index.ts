/** JWT authentication for Socket.IO 4, after connect. */
import api = require('./api');

export { authorize, isUnauthorizedError, UnauthorizedError } from './api';
export type * from './api';
/** The same names, types too, for `import socketioJwt from 'socketio-authorize'`. */
export default api;
