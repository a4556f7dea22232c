/**
 * Loaded ahead of the tests, and of the processes that they start: plants the fault of `MUTANT` in the file that it
 * names, when that is loaded. The file itself stays as it is.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');

const { file, start, end, text } = JSON.parse(process.env.MUTANT);
const load = Module._extensions['.js'];

Module._extensions['.js'] = (module, filename) => {
  if (filename !== file) {
    load(module, filename);
    return;
  }
  const source = readFileSync(filename, 'utf8');
  module._compile(`${source.slice(0, start)}${text}${source.slice(end)}`, filename);
};
