/** Starts an example: `npm run example -- NAME`. Without a name it lists them. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const EXAMPLES = resolve(ROOT, 'examples');
const require = createRequire(import.meta.url);

/** The file that starts each example. */
const FILES = { nestjs: 'main.ts', python: 'demo.mjs' };
const fileOf = (name) => resolve(EXAMPLES, name, FILES[name] ?? 'server.js');

/** Examples that are no server. */
const OTHERS = {
  react: 'A hook to copy: docs/platforms.md shows how it is used.',
  testing: 'Tests of an application: node --test examples/testing/*.test.mjs',
};

const names = readdirSync(EXAMPLES).filter((name) => existsSync(fileOf(name)));

/** The first comment of an example says what it shows. */
function aboutOf(name) {
  const text = readFileSync(fileOf(name), 'utf8');
  return (/^(?:\/\/ |\/\*\* )(.*?)(?: \*\/)?$/m.exec(text)?.[1] ?? '').replace(/\. .*/, '.');
}

function list() {
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) console.log(`  ${name.padEnd(width)}  ${aboutOf(name)}`);
  console.log('\nThese start no server:');
  for (const [name, about] of Object.entries(OTHERS)) console.log(`  ${name.padEnd(width)}  ${about}`);
}

/** NestJS is written in TypeScript, with decorators that Node does not know. */
function compile(path, name) {
  const outfile = resolve(ROOT, '.build/examples', `${name}.mjs`);
  const options = { bundle: true, packages: 'external', format: 'esm', platform: 'node' };
  buildSync({ ...options, entryPoints: [path], outfile, logLevel: 'error' });
  return outfile;
}

function start(path) {
  const child = spawn(process.execPath, [path], { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal === null ? 1 : 0)));
}

const [, , name] = process.argv;
if (name === undefined) {
  console.log('npm run example -- NAME starts one of these:');
  list();
} else if (Object.hasOwn(OTHERS, name)) {
  console.log(OTHERS[name]);
} else if (!names.includes(name)) {
  console.error(`There is no example ${JSON.stringify(name.slice(0, 40))}. There are:`);
  list();
  process.exitCode = 1;
} else {
  if (!existsSync(resolve(ROOT, 'dist/index.js')))
    execFileSync(process.execPath, [resolve(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' });
  const { demos } = require('../examples/shared/demos.js');
  if (Object.hasOwn(demos, name)) await require('../examples/shared/run.js').run(name);
  else start(name === 'nestjs' ? compile(fileOf(name), name) : fileOf(name));
}
