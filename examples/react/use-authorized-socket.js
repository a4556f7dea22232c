import { useEffect, useRef, useState } from 'react';
import { io } from 'socket.io-client';
import { authenticate } from 'socketio-authorize/client';

/**
 * A socket that is logged in as long as the component is mounted.
 *
 * @param url the server; another one makes another socket
 * @param getToken as the option `token` of the client helper; it may change at every render
 * @returns `{ socket, state, logIn, logOut }`; only `state` until the component is mounted
 */
export function useAuthorizedSocket(url, getToken) {
  const [session, setSession] = useState({ state: 'pending' });
  const latest = useRef(getToken);
  useEffect(() => {
    latest.current = getToken;
  });

  useEffect(() => {
    // StrictMode mounts twice: `forceNew` gives each time a connection of its own, and the first one is closed below.
    const socket = io(url, { autoConnect: false, forceNew: true });
    const auth = authenticate(socket, { token: (request) => latest.current(request) });
    const show = () => setSession({ socket, state: auth.state, logIn, logOut });
    // The helper reports no event for what the application itself asks for.
    const logOut = () => auth.logout().then(show);
    // A refusal is reported as `unauthorized`.
    const logIn = () => auth.login().catch(() => undefined);
    auth.on('authenticated', show).on('unauthorized', show).on('error', show);
    // After the helper's own listener, so that `state` is up to date.
    socket.on('disconnect', show);
    show();
    socket.connect();
    return () => {
      auth.close();
      socket.off('disconnect', show);
      socket.disconnect();
    };
  }, [url]);
  return session;
}
