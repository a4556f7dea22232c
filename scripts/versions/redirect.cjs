/**
 * Has the tests load another version of Socket.IO, from the folder that `SOCKET_IO_FOLDER` names. The command puts this
 * file into `NODE_OPTIONS`, so that the processes that tests start load that version too.
 */
const Module = require('node:module');
const { join, resolve, sep } = require('node:path');

const ROOT = resolve(__dirname, '../..');
const folder = process.env.SOCKET_IO_FOLDER;
/** The server's packages. The client keeps its own parser. */
const PACKAGES = /^(socket\.io|socket\.io-adapter|socket\.io-parser|engine\.io)(\/|$)/;
/** Who gets that version: the tests, and adapters, which extend its adapter. */
const ASKERS = [join(ROOT, '.build') + sep, join('node_modules', '@socket.io') + sep];

const inFolder = Module.createRequire(join(folder, 'package.json'));
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function redirected(request, parent, ...rest) {
  const asker = parent?.filename ?? '';
  if (PACKAGES.test(request) && ASKERS.some((start) => asker.includes(start))) {
    return inFolder.resolve(request);
  }
  return resolveFilename.call(this, request, parent, ...rest);
};
