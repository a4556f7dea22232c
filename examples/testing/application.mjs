// The application under test.
import { authorize } from 'socketio-authorize';

export function application(io, secret) {
  const auth = authorize({ secret, permissions: { announce: 'announce' } });
  auth.attach(io);
  io.on('connection', (socket) => {
    socket.on('announce', (text) => io.emit('announced', text));
  });
  return auth;
}
