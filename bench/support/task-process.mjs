/** The process of one measurement that needs no network. */
import { progress } from './progress.mjs';

const [name, plan] = process.argv.slice(2);
progress.onRound = (round, rounds) => process.send({ round, rounds });
const { measure } = await import(`../micro/${name}.mjs`);
const result = await measure(JSON.parse(plan));
process.send({ result }, () => process.exit(0));
