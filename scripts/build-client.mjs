/**
 * Builds the client for browsers: `dist/client.mjs` for bundlers, and `dist/client.min.js` for a `<script>` tag, with
 * the global `SocketioAuthorize`. What `require` gets is compiled with the rest.
 */
import { build } from 'esbuild';

const COMMON = {
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

/** @param {string} outdir where the files go */
export async function buildClient(outdir = 'dist') {
  await Promise.all([
    build({ ...COMMON, entryPoints: ['lib/client.ts'], format: 'esm', outfile: `${outdir}/client.mjs` }),
    build({
      ...COMMON,
      // Spares the getters that esbuild makes for a namespace of exports.
      stdin: {
        contents: `import { authenticate, isUnauthorizedError, UnauthorizedError } from './lib/client';
          globalThis.SocketioAuthorize = { authenticate, isUnauthorizedError, UnauthorizedError };`,
        resolveDir: process.cwd(),
      },
      format: 'iife',
      minify: true,
      outfile: `${outdir}/client.min.js`,
    }),
  ]);
}
