// What may not be imported or used where. A later rule of a flat configuration replaces an earlier
// one of the same name wholly, so these are not written as blocks of their own: each row of the
// table says one thing, and the blocks are made of all combinations in which rows meet.

const contexts = ['product-registry', 'access'];

const pure = '{libs/kernel/**/*.ts,libs/**/{events,commands,decider}.ts}';

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

/** One file pattern each, with exceptions, and a pattern of imports that it forbids. */
const imports = [
  {
    files: '**/*.ts',
    except: ['libs/event-log/**', 'apps/event-node/**', 'test/conformance/**'],
    forbids: {
      group: ['@eventstore/db-client', '@eventstore/db-client/*'],
      message: 'Only libs/event-log and the event node know EventStoreDB.',
    },
  },
  ...contexts.map((own) => ({
    files: `libs/${own}/**/*.ts`,
    forbids: {
      // By expression: a group is in the syntax of gitignore, where `#` begins a comment.
      // What a controller shares with the edge: permissions by decorator, no other part of access.
      regex: `^#(${contexts.filter((name) => name !== own).join('|')})/(?!require-permission\\.js$)`,
      message: 'Contexts meet through contract.ts and in processes, never by import.',
    },
  })),
  {
    files: `libs/{${contexts.join(',')}}/**/*.ts`,
    except: ['**/*.http.ts', 'libs/access/**'],
    forbids: {
      regex: '^#access/require-permission\\.js$',
      message: 'Permissions are named by controllers.',
    },
  },
  {
    // A decision depends on its command and its state, on nothing else.
    files: pure,
    forbids: {
      group: ['@nestjs/*', 'pg', 'knex', 'kafkajs', 'mqtt', 'fastify', 'node:*'],
      message: 'A pure file sees the kernel and its neighbours only.',
    },
  },
];

/** The same for selectors of syntax. */
const wallClock = 'libs/kernel/src/wall-clock.ts';
const syntax = [
  { files: pure, except: [wallClock], forbids: ambient },
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
  ...blocksOf(imports, '@typescript-eslint/no-restricted-imports', (patterns) => [{ patterns }]),
  ...blocksOf(syntax, 'no-restricted-syntax', (selectors) => selectors),
];
