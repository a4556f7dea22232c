/**
 * Builds the site in `build/site`: the documents, and the API reference from the source.
 *
 * TypeDoc asks for `typescript`, whose version 7 has no JavaScript API; it is given version 6, which lives beside it under
 * a name of its own.
 */
import { register } from 'node:module';

const hook = `
  export const resolve = (specifier, context, next) =>
    next(specifier === 'typescript' ? '@typescript/typescript6' : specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url);

const { Application, TSConfigReader, TypeDocReader } = await import('typedoc');
const app = await Application.bootstrapWithPlugins({}, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
// An undocumented name, or a link that leads nowhere, is an error here.
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
