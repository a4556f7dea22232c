// Starts an example and says what to do next: `npm run example -- NAME`, or `node examples/NAME/server.js`.
const { demos } = require('./demos');
const { defaultPort, urlOf } = require('./index');

const indent = (lines) => lines.map((line) => `    ${line}`).join('\n');

function print(steps) {
  for (const [index, { say, line, see, before, here }] of steps.entries()) {
    console.log(`\n${index + 1}. ${say}\n\n${indent([line])}\n\n   You see:\n${indent(see)}`);
    if (before) console.log(`   In the terminal of step 1 you see:\n${indent(before)}`);
    if (here) console.log(`   In this terminal you see:\n${indent(here)}`);
  }
}

/** Starts one of the demos, prints its address and its steps; a failure is one sentence. */
async function run(name) {
  const { start, steps } = demos[name];
  try {
    const running = await start(defaultPort);
    const url = urlOf(running.server);
    console.log(`The example ${name} listens at ${url}. Ctrl+C ends it.`);
    const { isReal } = running.provider ?? running;
    if (isReal)
      console.log(`\n    echo TOKEN | node examples/client.js ${url}\n\nwith a token of your provider.`);
    else print(steps(url, running));
    if (!isReal) console.log("\nCopy each line into a terminal of its own, in the repository's folder.");
  } catch (error) {
    console.error(`The example ${name} did not start. ${reasonOf(error)}`);
    process.exit(1);
  }
}

function reasonOf(error) {
  if (error.code === 'EADDRINUSE') return `Port ${error.port} is in use: set PORT to another one.`;
  if (error.code === 'EACCES') return `Port ${error.port} is not allowed: set PORT to one above 1023.`;
  return error.message;
}

module.exports = { run, reasonOf };
