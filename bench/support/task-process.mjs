const [name, plan] = process.argv.slice(2);
const { measure } = await import(`../micro/${name}.mjs`);
const result = await measure(JSON.parse(plan));
process.send(result, () => process.exit(0));
