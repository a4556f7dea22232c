#!/usr/bin/env node
/**
 * Checks any server that claims to follow version 1 of the protocol (PROTOCOL.md) against its rules.
 *
 *     npm run conformance -- http://localhost:3000 --secret SECRET_KEY [--timeout 5000] [--patience 2000]
 *
 * `--secret` is the server's HS256 secret, `--timeout` its timeout in ms, and `--patience` the ms that it has for an answer.
 * `--rule "…"` checks one rule only, and may be given several times. The server must be in event mode, and must let a
 * client try at least five tokens. The exit code is 1 if a rule is broken.
 */
import { parseArgs } from 'node:util';
import { Bench, Broken } from './peer.mjs';
import { OPTIONAL, RULES } from './rules.mjs';

/**
 * @param {{ url: string, secret: string, timeout: number, patience: number }} target
 * @param {(line: string) => void} print gets a line for each rule
 * @param {string[] | undefined} only the rules to check; all by default
 * @returns {Promise<string[]>} the broken rules
 */
export async function run(target, print, only) {
  // All rules run at the same time, because most of them wait. Lines are printed in order.
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
    // An error of the kit itself says nothing about the server.
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
