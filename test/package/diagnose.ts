/**
 * Prints, as JSON, what a compiler says of a project in the working directory with each of some settings. It looks at
 * the project's own files and at this package's declarations only: an old compiler takes seconds for those of others,
 * and says of them that they ask for a newer one.
 *
 * Arguments: the compiler's module, then for each settings the arguments of a `tsc`, as a JSON list.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type typescript from '@typescript/typescript6';

const NOT_OURS = /\/node_modules\/(?!socketio-authorize\/)/;

function diagnose(ts: typeof typescript, args: readonly string[]): string {
  const folder = process.cwd();
  const { options } = ts.parseCommandLine(args);
  const parsed = ts.getParsedCommandLineOfConfigFile(
    join(folder, options.project ?? 'tsconfig.json'),
    options,
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic({ messageText }) {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
      },
    },
  );
  if (!parsed) throw new Error('There is no tsconfig.json');
  const program = ts.createProgram(parsed.fileNames, parsed.options);
  const files = program.getSourceFiles().filter(({ fileName }) => !NOT_OURS.test(fileName));
  // The package is installed in the project, so its declarations are among them.
  if (files.length <= parsed.fileNames.length) throw new Error('No declarations of the package were found');
  const diagnostics = [
    ...parsed.errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...files.flatMap((file) => program.getSyntacticDiagnostics(file)),
    ...files.flatMap((file) => program.getSemanticDiagnostics(file)),
  ];
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  });
}

const [compiler = '', ...settings] = process.argv.slice(2);
const ts = createRequire(__filename)(compiler) as typeof typescript;
const said = settings.map((args) => diagnose(ts, JSON.parse(args) as string[]));
process.stdout.write(JSON.stringify({ version: ts.version, said }));
