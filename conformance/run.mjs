#!/usr/bin/env node
/**
 * Runs any server that claims version 1 of the protocol (PROTOCOL.md) against its rules.
 *
 *     npm run conformance -- http://localhost:3000 --secret SECRET_KEY [--timeout 5000] [--patience 2000]
 *
 * `--rule "…"` judges one rule alone, and may be given several times. `--secret` is the server's HS256 secret, `--timeout` its timeout in ms, `--patience` how many ms it has to answer. The
 * server must be in event mode and let the same client try at least five tokens. Exits with 1 if a rule is broken.
 */
import { parseArgs } from 'node:util';
import { Bench, Broken } from './peer.mjs';
import { OPTIONAL, RULES } from './rules.mjs';

/**
 * @param {{ url: string, secret: string, timeout: number, patience: number }} target
 * @param {(line: string) => void} print gets a line for each rule
 * @param {string[] | undefined} only the rules to judge; all if left out
 * @returns {Promise<string[]>} the rules that do not hold
 */
export async function run(target, print, only) {
  // Side by side, since most rules wait: a line comes when its rule and those before it are known.
  const outcomes = begin(RULES, target, only);
  const options = begin(OPTIONAL, target, only);
  const broken = [];
  for (const { name, outcome } of outcomes) {
    const fault = await outcome;
    if (fault === undefined) print(`ok      ${name}`);
    else {
      print(`BROKEN  ${name}: ${fault}`);
      broken.push(name);
    }
  }
  for (const { name, outcome } of options) {
    const fault = await outcome;
    print(fault === undefined ? `ok      ${name} (optional)` : `absent  ${name} (optional): ${fault}`);
  }
  print(`${outcomes.length - broken.length} of ${outcomes.length} rules hold`);
  return broken;
}

function begin(rules, target, only) {
  return Object.entries(rules)
    .filter(([name]) => only === undefined || only.includes(name))
    .map(([name, rule]) => ({ name, outcome: judge(rule, new Bench(target)) }));
}

async function judge(rule, bench) {
  try {
    await rule(bench);
    return undefined;
  } catch (error) {
    // A fault of the kit itself would be no judgement of the server.
    return error instanceof Broken ? error.message : `could not be judged: ${String(error)}`;
  } finally {
    bench.close();
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      secret: { type: 'string' },
      rule: { type: 'string', multiple: true },
      timeout: { type: 'string', default: '5000' },
      patience: { type: 'string', default: '2000' },
    },
  });
  const [url] = positionals;
  if (url === undefined || values.secret === undefined) {
    console.error(
      'usage: npm run conformance -- http://host:port --secret SECRET [--timeout ms] [--patience ms]',
    );
    process.exit(2);
  }
  const target = {
    url,
    secret: values.secret,
    timeout: Number(values.timeout),
    patience: Number(values.patience),
  };
  const broken = await run(target, (line) => console.log(line), values.rule);
  process.exit(broken.length > 0 ? 1 : 0);
}

if (import.meta.filename === process.argv[1]) await main();
