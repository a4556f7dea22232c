/* In every page of the site: draws the diagrams, and names the columns in the cells of tables, for phones. */
const script = document.currentScript.src;

function labelCells() {
  for (const table of document.querySelectorAll('.tsd-typography table')) {
    const heads = [...table.querySelectorAll('thead th')].map(({ textContent }) => textContent.trim());
    for (const row of table.querySelectorAll('tbody tr'))
      for (const [index, cell] of [...row.children].entries()) cell.dataset.column = heads[index] ?? '';
  }
}

async function drawDiagrams() {
  const blocks = [...document.querySelectorAll('pre > code.mermaid')];
  if (blocks.length === 0) return;
  const library = document.createElement('script');
  library.src = new URL('mermaid.js', script).href;
  const loaded = new Promise((resolve, reject) => {
    library.addEventListener('load', resolve);
    library.addEventListener('error', () => reject(new Error('the diagrams could not be loaded')));
  });
  document.head.append(library);
  await loaded;
  const isDark =
    document.documentElement.dataset.theme === 'dark' ||
    (document.documentElement.dataset.theme !== 'light' &&
      matchMedia('(prefers-color-scheme: dark)').matches);
  globalThis.mermaid.initialize({ startOnLoad: false, theme: isDark ? 'dark' : 'default' });
  for (const [index, block] of blocks.entries()) {
    const text = block.innerHTML.replaceAll('<br>', '\n');
    const source = new DOMParser().parseFromString(text, 'text/html').body.textContent;
    const { svg } = await globalThis.mermaid.render(`diagram-${index}`, source);
    const figure = document.createElement('figure');
    figure.className = 'diagram';
    figure.innerHTML = svg;
    block.parentElement.replaceWith(figure);
  }
}

function start() {
  labelCells();
  drawDiagrams().catch((error) => console.error(error));
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
