/** The default export has the same names, types among them. */
// The names of the default export are what is tested.
/* oxlint-disable import/no-named-as-default-member */
import socketioJwt from 'socketio-authorize';
import * as everything from 'socketio-authorize';
import { authorize } from 'socketio-authorize';

const auth: socketioJwt.Authorizer = socketioJwt.authorize({ secret: 'SECRET_KEY' });
const options: socketioJwt.AuthorizeOptions = { secret: 'SECRET_KEY' };
const error = new socketioJwt.UnauthorizedError('mine');
if (socketioJwt.isUnauthorizedError(error)) console.log(error.data.code);
console.log(auth, authorize(options), everything.authorize(options));

type Names = Exclude<keyof typeof everything, 'default'>;
export const names: Record<Names, unknown> = socketioJwt;
// @ts-expect-error -- no such name
void socketioJwt.nonsense;
