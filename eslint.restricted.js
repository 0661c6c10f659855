// What may not be imported or used where.
import { relative, sep } from 'node:path';

import { concerns, forbids, isKnown, pure, resolveImport, rules } from './architecture.js';

const root = import.meta.dirname;

/** The rules of architecture.js. It takes no options, so that no later block of the configuration can weaken it. */
const imports = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const from = relative(root, context.filename).split(sep).join('/');
    const own = rules.filter((rule) => concerns(rule, from));
    const check = (node, source, typesOnly) => {
      if (typeof source?.value !== 'string') return;
      const to = resolveImport(source.value, from);
      for (const rule of own) {
        if (!forbids(rule, { from, to, typesOnly }) || isKnown(rule, { from, to })) continue;
        context.report({ node, message: `${rule.name} This file imports ${to}.` });
      }
    };
    const isType = ({ importKind }) => importKind === 'type';
    return {
      ImportDeclaration(node) {
        const { specifiers } = node;
        check(
          node,
          node.source,
          isType(node) || (specifiers.length > 0 && specifiers.every(isType)),
        );
      },
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source, true),
      'ExportNamedDeclaration, ExportAllDeclaration': (node) =>
        check(node, node.source, node.exportKind === 'type'),
    };
  },
};

const pureFiles = `{libs/kernel/**/*.ts,projections/*/projector.ts,${pure}}`;

const now = "CallExpression[callee.object.name='Date'][callee.property.name='now']";

/** Sources of randomness and time: they come in with the command's metadata. */
const ambient = [
  ["NewExpression[callee.name='Date'][arguments.length=0]", 'new Date()'],
  [now, 'Date.now'],
  ["CallExpression[callee.object.name='Math'][callee.property.name='random']", 'Math.random'],
  ["CallExpression[callee.name='randomUUID']", 'randomUUID'],
  ["CallExpression[callee.property.name='randomUUID']", 'randomUUID'],
].map(([selector, what]) => ({ selector, message: `${what} has no place in a pure file.` }));

/** Assertions that hold whatever the code does. */
const empty = [
  ["ExpressionStatement > CallExpression[callee.name='expect']", 'An expect needs a matcher.'],
  [
    "CallExpression[callee.object.name='expect'][callee.property.name='assertions'][arguments.0.value=0]",
    'A test of no assertions cannot fail.',
  ],
  [
    "CallExpression[callee.object.callee.name='expect'][callee.object.arguments.0.type='Literal']",
    'A literal is what it is: expect something of the code.',
  ],
  [
    "CallExpression[callee.object.callee.name='expect'][callee.object.arguments.0.name=/^[A-Z]/][callee.property.name=/^toBe(Defined|Truthy)$/]",
    'An import is always there: expect something of what it does.',
  ],
].map(([selector, message]) => ({ selector, message }));

const wallClock = 'libs/kernel/src/wall-clock.ts';
/**
 * One file pattern each, with exceptions, and what it forbids. A later block of a flat configuration replaces an
 * earlier one of the same rule wholly, so the blocks are made of all combinations in which these rows meet.
 */
export const syntax = [
  { files: pureFiles, except: [wallClock], forbids: ambient },
  {
    // Durations and due times by the time of day go wrong when it is corrected.
    files: '{apps,libs,projections}/**/*.ts',
    except: ['**/*.spec.ts', '**/testing/**', '**/contract-suite/**', wallClock],
    forbids: {
      selector: now,
      message:
        'Measure with performance.now(); wall-clock.ts is for where the time of day is meant.',
    },
  },
  { files: '**/*.spec.ts', forbids: empty },
];

/** Every non-empty choice of the rows, the smaller ones first: the largest that fits a file counts. */
const choicesOf = (rows) =>
  Array.from({ length: 2 ** rows.length - 1 }, (_, index) =>
    rows.filter((_row, bit) => ((index + 1) >> bit) % 2 === 1),
  ).sort((one, other) => one.length - other.length);

/** The blocks of one rule. Patterns in an inner list must all match. */
const blocksOf = (rows, rule, optionsOf) =>
  choicesOf(rows).map((chosen) => {
    const ignores = chosen.flatMap(({ except }) => except ?? []);
    return {
      files: [chosen.map(({ files }) => files)],
      ...(ignores.length > 0 && { ignores }),
      rules: { [rule]: ['error', ...optionsOf(chosen.flatMap(({ forbids }) => forbids))] },
    };
  });

/** The blocks of the configuration. */
export const restrictions = [
  {
    files: ['**/*.ts'],
    plugins: { architecture: { rules: { imports } } },
    rules: { 'architecture/imports': 'error' },
  },
  ...blocksOf(syntax, 'no-restricted-syntax', (selectors) => selectors),
];
