import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { parse } from '@babel/parser';

/**
 * One small fault: the text between two offsets of a compiled file is replaced. Whatever runs the code `at` an offset
 * meets it.
 *
 * @typedef {{ file: string, start: number, end: number, text: string, kind: string, at: number }} Mutant
 */

/** Comparisons, each moved by one step and turned round; the rest, each by its opposite. */
const OPERATORS = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
};
/** Methods that a chain works without. */
const CHAINED = new Set([
  'catch',
  'finally',
  'unref',
  'trim',
  'toLowerCase',
  'filter',
  'slice',
  'flat',
  'toSorted',
]);
const SWAPPED = new Map(
  Object.entries({ min: 'max', max: 'min', some: 'every', every: 'some', ceil: 'floor', floor: 'ceil' }),
);
/** Names of events, codes, types and options, but no sentences: what a message says is for people. */
const NAME = /^[\w:#/.-]+$/;

/**
 * Every fault that can be planted in a compiled file.
 *
 * @param {string} file
 * @returns {Mutant[]} in the order of the text
 */
export function mutantsOf(file) {
  const source = readFileSync(file, 'utf8');
  const { program } = parse(source, { sourceType: 'script' });
  const found = [];
  visit(program, undefined, (node, parent) => {
    const faults = FAULTS[node.type]?.(node, { source, parent }) ?? [];
    for (const [start, end, text, kind] of faults) {
      if (source.slice(start, end) !== text) found.push({ file, start, end, text, kind, at: node.start });
    }
  });
  return found.toSorted((one, two) => one.start - two.start || one.end - two.end);
}

/** Whether the file is still JavaScript with the fault in it. */
export function isSound({ file, start, end, text }) {
  const source = readFileSync(file, 'utf8');
  try {
    return Boolean(new Script(`(function () {${source.slice(0, start)}${text}${source.slice(end)}\n})`));
  } catch {
    return false;
  }
}

function visit(node, parent, look) {
  if (isForTheCompiler(node) || isForTheLog(node)) return;
  look(node, parent);
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc' || key.endsWith('Comments')) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === 'string') visit(child, node, look);
    }
  }
}

/** `require`, and what becomes of `export`: a fault there stops the file from loading, which tells nothing of the tests. */
function isForTheCompiler({ type, declarations, expression }) {
  if (type === 'VariableDeclaration') return declarations.some(({ init }) => callee(init) === 'require');
  if (type !== 'ExpressionStatement') return false;
  if (expression.type === 'CallExpression') return expression.arguments[0]?.name === 'exports';
  return isExport(expression) && !/Object|Call|Array|Literal|New/.test(expression.right.type);
}

function isExport({ left }) {
  return left?.object?.name === 'exports';
}

/** What only `DEBUG=…` shows. */
function isForTheLog({ type, expression }) {
  const { object } = expression?.callee ?? {};
  return type === 'ExpressionStatement' && (object?.name === 'log' || object?.property?.name === 'log');
}

function callee(node) {
  const called = node?.callee?.name ?? '';
  // `__importDefault(require(…))`, as the compiler writes it.
  return called.startsWith('__') ? callee(node.arguments[0]) : called;
}

const replaced = ({ start, end }, text, kind) => [[start, end, text, kind]];
const textOf = ({ start, end }, source) => source.slice(start, end);

/** By type of node, the faults that can be planted there: start, end, text, kind. */
const FAULTS = {
  BinaryExpression: operatorFaults,
  AssignmentExpression: operatorFaults,
  LogicalExpression(node, { source }) {
    if (node.operator !== '??') return operatorFaults(node, { source });
    return replaced(node, `(${textOf(node.left, source)})`, 'default left out');
  },
  UnaryExpression(node, { source }) {
    if (node.operator !== '!') return [];
    return replaced(node, `(${textOf(node.argument, source)})`, 'negation left out');
  },
  IfStatement: branchFaults,
  ConditionalExpression: branchFaults,
  WhileStatement: branchFaults,
  BooleanLiteral: (node) => replaced(node, String(!node.value), 'constant'),
  NumericLiteral(node, { parent }) {
    // `(0, module.call)(…)` is the compiler's.
    if (parent.type === 'SequenceExpression') return [];
    return replaced(node, String(node.value + 1), 'constant');
  },
  StringLiteral(node, { parent }) {
    const isKey = parent.key === node && !parent.computed;
    return isKey || !NAME.test(node.value) ? [] : replaced(node, `'${node.value}!'`, 'constant');
  },
  ExpressionStatement(node) {
    return isExport(node.expression) ? [] : replaced(node, 'void 0;', nameOfStatement(node.expression));
  },
  ReturnStatement(node) {
    if (node.argument === null) return replaced(node, 'void 0;', 'return left out');
    return replaced(node, 'return undefined;', 'return value');
  },
  ThrowStatement: (node) => replaced(node, 'void 0;', 'throw left out'),
  ArrowFunctionExpression: ({ body }, { source }) => {
    if (body.type === 'BlockStatement' || textOf(body, source) === 'undefined') return [];
    // The parentheses of an object belong to it.
    const { parenthesized, parenStart } = body.extra ?? {};
    const end = parenthesized ? source.indexOf(')', body.end) + 1 : body.end;
    return [[parenthesized ? parenStart : body.start, end, 'undefined', 'return value']];
  },
  AwaitExpression: (node, { source }) =>
    replaced(node, `(${textOf(node.argument, source)})`, 'await left out'),
  CallExpression: callFaults,
  OptionalCallExpression: callFaults,
  OptionalMemberExpression({ optional, object }, { source }) {
    if (!optional) return [];
    const start = source.indexOf('?.', object.end);
    return [[start, start + 2, source[start + 2] === '[' ? '' : '.', '?. left out']];
  },
  SpreadElement(node, { parent }) {
    return parent.type === 'ObjectExpression' ? replaced(node, '...{}', 'spread left out') : [];
  },
};

/** The operator stands between both sides, with nothing but white space, parentheses and comments around it. */
function operatorFaults({ left, right, operator }, { source }) {
  if (operator === '+' && [left, right].some(({ type }) => /String|Template/.test(type))) return [];
  const start = source.indexOf(operator, left.end);
  if (start < 0 || start > right.start) return [];
  return (OPERATORS[operator] ?? []).map((other) => [start, start + operator.length, other, 'operator']);
}

function branchFaults({ test }, { source }) {
  return replaced(test, `!(${textOf(test, source)})`, 'branch inverted');
}

function nameOfStatement({ type, operator }) {
  if (type === 'AssignmentExpression') return `${operator} left out`;
  return type === 'UpdateExpression' ? 'update left out' : 'call left out';
}

function callFaults({ callee: called, end }) {
  const name = called.property?.name;
  if (name === undefined || called.computed) return [];
  const { start, end: last } = called.property;
  if (CHAINED.has(name)) return [[start - (called.optional ? 2 : 1), end, '', `${name}() left out`]];
  const other = SWAPPED.get(name);
  return other === undefined ? [] : [[start, last, other, 'another method']];
}
