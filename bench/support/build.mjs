/** The library that is measured: `dist/`, or the folder that `SOCKETIO_AUTHORIZE_BUILD` names. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
export const BUILD = resolve(ROOT, process.env.SOCKETIO_AUTHORIZE_BUILD ?? 'dist');

const require = createRequire(import.meta.url);

/** A module of the build, the inner ones too. */
export const load = (name) => require(`${BUILD}/${name}.js`);

export const versionOf = (name) => require(`${ROOT}/node_modules/${name}/package.json`).version;
