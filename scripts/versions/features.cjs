/**
 * What older versions of Socket.IO lack, or do wrong, and the tests that need it. Mocha marks those tests as pending;
 * the report counts them by reason.
 */
const { readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * `since`: the first version that has it; `lostIn`: an older one that lost it again. `tests`: found in the path of the
 * file, or in the full title.
 */
const FEATURES = [
  {
    name: 'connection state recovery',
    since: '4.6.0',
    tests: [
      /\/(recovery|recovery-identity|recovery-meanwhile|recovery-shared|offsets|late-packets)\.test/,
      /recover|restore|lets a client return past every middleware/i,
    ],
  },
  {
    name: 'adapters between processes, in their newest versions',
    since: '4.6.0',
    tests: [
      /on two nodes/,
      /from another node/,
      /adapters? (between processes|for Node's cluster)/,
      /redis/i,
    ],
  },
  {
    name: 'cleanupEmptyChildNamespaces',
    since: '4.6.0',
    tests: [/namespaces that Socket\.IO cleans up/],
  },
  {
    name: 'cleanupEmptyChildNamespaces, for a socket that is refused',
    since: '4.7.0',
    tests: [/not told of, where Socket\.IO cleans up/],
  },
  {
    name: 'a socket that cannot be disconnected before it has connected',
    since: '4.1.0',
    tests: [/whatever the application does to it when the library calls .*: handshake mode/],
  },
  {
    name: 'io.of(name) makes a child of the dynamic namespace that the name matches',
    since: '4.6.0',
    tests: [
      /namespaces that are dynamic may be guarded at the handshake/,
      /namespaces that are made before attach/,
    ],
  },
  {
    name: 'acknowledgements of broadcasts',
    since: '4.5.0',
    tests: [/a broadcast gets no answer of the next user/],
  },
  {
    name: 'io.except() before a command',
    since: '4.1.0',
    tests: [/disconnects the sockets of rooms .*all but one/],
  },
  {
    name: 'new_namespace',
    since: '4.1.0',
    tests: [/relies on socket\.io: new_namespace fires/, /leaves a dynamic namespace to it, from handshake/],
  },
  {
    name: 'binary packets that have the type of others once they are decoded',
    since: '4.6.0',
    tests: [/relies on socket\.io: _onpacket (gets every packet|hands EVENT and BINARY_EVENT)/],
  },
  {
    name: 'connections without an HTTP request',
    since: '4.7.0',
    tests: [/without an HTTP request, as over WebTransport/],
  },
  {
    name: 'a record of sockets that have not connected',
    since: '4.8.0',
    tests: [
      /_cleanup removes a socket that has not connected/,
      /a child has a _remove of its own with cleanupEmptyChildNamespaces/,
      /namespaces that Socket\.IO cleans up stay for a client whose token is being verified/,
    ],
  },
  {
    name: 'forgets a socket whose connection closed while it was connecting',
    since: '4.5.2',
    tests: [
      /nothing in Socket\.IO's own maps, after 300 hostile connections/,
      /_cleanup is called for a socket that a middleware has refused/,
    ],
  },
  {
    name: 'sends all packets before it closes a WebSocket (Engine.IO 6.0 to 6.2 loses the last)',
    since: '4.6.0',
    lostIn: '4.3.0',
    tests: [
      /disconnects a client at once if its late verification fails/,
      /beyond maxAttempts disconnect: the last one gets its own code/,
      /refuses the next unauthenticated socket, and accepts one with a good token/,
      /with grace ends the session even if exp is ignored/,
      /ends the session at exp: the client gets a reason, and is disconnected/,
    ],
  },
];

const { version } = JSON.parse(
  readFileSync(path.join(process.env.SOCKET_IO_FOLDER, 'node_modules/socket.io/package.json'), 'utf8'),
);

const numbers = (text) => text.split('.').map(Number);

function isOlder(than) {
  const [own, other] = [numbers(version), numbers(than)];
  const index = own.findIndex((number, at) => number !== other[at]);
  return index >= 0 && own[index] < other[index];
}

const missing = FEATURES.filter(({ since, lostIn = '0.0.0' }) => isOlder(since) && !isOlder(lostIn));

const isMeant = (pattern, test) => pattern.test(test.fullTitle()) || pattern.test(test.file ?? '');

/** The feature that a test needs and this version lacks. */
function missingFeature(test) {
  return missing.find(({ tests }) => tests.some((pattern) => isMeant(pattern, test)));
}

module.exports = {
  version,
  missing,
  isMeant,
  missingFeature,
  mochaHooks: {
    beforeAll() {
      this.test.parent.eachTest((test) => {
        if (missingFeature(test) !== undefined) test.pending = true;
      });
    },
  },
};
