/**
 * Has the tests load another version of Socket.IO, from the folder that `SOCKET_IO_FOLDER` names. The command puts this
 * file into `NODE_OPTIONS`, so that the processes that tests start load that version too.
 */
const Module = require('node:module');
const path = require('node:path');

/** The server's packages. The client keeps its own parser. */
const PACKAGES = /^(socket\.io|socket\.io-adapter|socket\.io-parser|engine\.io)(\/|$)/;

const inFolder = Module.createRequire(path.join(process.env.SOCKET_IO_FOLDER, 'package.json'));
const tests = path.resolve(__dirname, '../../.build') + path.sep;
/** Adapters between processes extend the version's own adapter, unless it is too old for them: npm gives them another. */
const adapters = path.join('node_modules', '@socket.io') + path.sep;
const hasAdapters = 'ClusterAdapter' in inFolder('socket.io-adapter');
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function redirected(request, parent, ...rest) {
  const asker = parent?.filename ?? '';
  const isOurs = asker.startsWith(tests) || (hasAdapters && asker.includes(adapters));
  return PACKAGES.test(request) && isOurs
    ? inFolder.resolve(request)
    : resolveFilename.call(this, request, parent, ...rest);
};
