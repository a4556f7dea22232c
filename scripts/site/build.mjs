/**
 * Builds the site in `build/site`, or in the folder that is given: the documents, and the API reference from the source.
 *
 * TypeDoc asks for `typescript`, whose version 7 has no JavaScript API; it is given version 6, which lives beside it under
 * a name of its own.
 */
import { copyFileSync } from 'node:fs';
import { register } from 'node:module';
import { basename, relative, resolve } from 'node:path';
import { fetchMermaid } from './mermaid.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const OUT = resolve(ROOT, process.argv[2] ?? 'build/site');
const GITHUB = 'https://github.com/socketio-authorize/socketio-authorize/blob/main/';
/** Where npm's page of the package finds the pictures of the README. */
const PICTURES = 'https://raw.githubusercontent.com/socketio-authorize/socketio-authorize/main/';
/** The page that the site opens with. */
const FIRST = 'docs/getting-started.md';

const hook = `
  export const resolve = (specifier, context, next) =>
    next(specifier === 'typescript' ? '@typescript/typescript6' : specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url);
const { Application, PageEvent, TSConfigReader, TypeDocReader } = await import('typedoc');

/** A heading of a document that comes first, which TypeDoc would show below a title of its own. */
const HEADING = /^\s*# (.+)\n/;

/** Takes the first heading out of a document, and gives it. */
function takeTitle(parts) {
  const [first] = parts;
  const title = HEADING.exec(first?.text ?? '')?.[1].replaceAll('`', '');
  if (title !== undefined) first.text = first.text.replace(HEADING, '');
  return title;
}

/** Gives each document the title that it has itself. */
function nameDocuments(project) {
  const taken = new Map();
  for (const document of project.documents ?? []) {
    const path = document.name;
    const title = takeTitle(document.content) ?? path;
    // The README's title is the name of the package, which is the site's.
    document.name = path === 'README' ? 'Overview' : title;
    taken.set(document, path);
  }
  const title = takeTitle(project.readme ?? []);
  return { title, paths: taken };
}

const relativeTo = (page, url) => relative(resolve('/', page.url, '..'), resolve('/', url));

/** A picture of the repository is part of the site: a reader's browser asks no other host for it. */
function bringPictures(page, pictures) {
  page.contents = page.contents.replaceAll(new RegExp(`src="${PICTURES}([\\w./-]+)"`, 'g'), (src, path) => {
    const url = `assets/${basename(path)}`;
    pictures.set(path, url);
    return `src="${relativeTo(page, url)}"`;
  });
}

/** On the site, a link to a document in the repository leads to its page. */
function linkPages(page, pages) {
  page.contents = page.contents.replaceAll(
    new RegExp(`href="${GITHUB}([\\w./-]+\\.md)(#[\\w-]*)?"`, 'g'),
    (link, path, fragment = '') => {
      const url = pages.get(path);
      if (url === undefined) return link;
      return `href="${relativeTo(page, url)}${fragment}"`;
    },
  );
}

const options = { out: OUT, readme: FIRST };
const app = await Application.bootstrapWithPlugins(options, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
const { title, paths } = nameDocuments(project);
const pictures = new Map();
app.renderer.on(PageEvent.END, (page) => {
  const pages = new Map([[FIRST, 'index.html']]);
  for (const [document, name] of paths) pages.set(`${name}.md`, app.renderer.router.getFullUrl(document));
  linkPages(page, pages);
  bringPictures(page, pictures);
  if (page.url === 'index.html') page.contents = page.contents.replace(/<h1>.*?<\/h1>/s, `<h1>${title}</h1>`);
  // Of a document, TypeDoc shows the name as a path of one step: it is the title.
  if (paths.has(page.model))
    page.contents = page.contents.replace(
      /<ul class="tsd-breadcrumb".*?<\/ul>/s,
      `<h1>${page.model.name}</h1>`,
    );
});
await app.generateOutputs(project);
copyFileSync(fetchMermaid(ROOT), resolve(OUT, 'assets/mermaid.js'));
for (const [path, url] of pictures) copyFileSync(resolve(ROOT, path), resolve(OUT, url));
// An undocumented name, or a link that leads nowhere, is an error here.
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
