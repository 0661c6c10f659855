// What may import what. The linter and the tests of test/architecture read this one table.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** What is not run in production. */
export const testCode = [
  '**/*.{spec,fixture,types}.ts',
  '**/{test,testing,contract-suite}/**',
  'libs/testing/**',
  'test/**',
];

const contexts = ['product-registry', 'telemetry', 'battery-lab', 'access'];
const contextFiles = contexts.map((name) => `libs/${name}/**`);
export const pure = 'libs/*/src/**/{events,commands,decider,state}.ts';
const io = ['node:**', '@nestjs/**', '@eventstore/**', 'pg', 'knex', 'kafkajs', 'fastify'];
/** Takes the hash function of a module of Node that has sources of randomness too; the linter forbids those. */
const ids = 'libs/kernel/src/ids.ts';
const wallClock = 'libs/kernel/src/wall-clock.ts';
const permission = 'libs/access/src/require-permission.ts';

/** @type {readonly import('./architecture.js').Rule[]} */
const purity = [
  {
    name: 'The kernel imports the kernel, schemas and hashes only.',
    from: ['libs/kernel/src/**'],
    except: testCode,
    only: ['libs/kernel/src/**', 'typebox', 'node:crypto'],
  },
  {
    name: 'Events, commands, states and deciders are pure: the kernel, schemas, programs of a cycler and their own library.',
    from: [pure],
    only: ['libs/kernel/src/**', 'libs/cycling/src/**', 'typebox'],
    own: true,
    reaches: [...io, wallClock],
    through: [ids],
  },
  {
    name: 'What series say is computed by the kernel and libraries that compute.',
    from: ['libs/series/src/**'],
    except: testCode,
    only: ['libs/kernel/src/**', 'temporal-polyfill', 'lru-cache', 'mathjs', 'mathjs/**'],
    own: true,
    reaches: [...io, wallClock],
    through: [ids],
  },
  {
    name: 'Programs of a cycler and what its records say are computed by the kernel and libraries that compute.',
    from: ['libs/cycling/src/**'],
    except: testCode,
    only: [
      'libs/kernel/src/**',
      'libs/series/src/**',
      'typebox',
      'typebox/value',
      'temporal-polyfill',
      'canonicalize',
    ],
    own: true,
    reaches: [...io, wallClock],
    through: [ids],
  },
  {
    name: 'A projector is pure: it imports events and its own folder.',
    from: ['projections/*/projector.ts'],
    only: [
      'libs/*/src/**/{events,document}.ts',
      'libs/event-log/src/{event-log,position}.ts',
      'libs/event-log/src/key/forfeited.ts',
    ],
    own: true,
    reaches: [...io, wallClock],
    through: [ids],
  },
];

/** @type {readonly import('./architecture.js').Rule[]} */
const drivers = [
  {
    name: 'Only libs/event-log and the event node know EventStoreDB.',
    from: ['**'],
    except: ['libs/event-log/**', 'apps/event-node/**', 'test/conformance/**'],
    not: ['@eventstore/**'],
  },
  {
    name: 'Only libs/fanout knows Kafka.',
    from: ['**'],
    except: ['libs/fanout/**', ...testCode],
    not: ['kafkajs'],
  },
  {
    name: 'Only libs/device-link knows MQTT.',
    from: ['**'],
    except: ['libs/device-link/**', ...testCode],
    not: ['aedes', 'mqtt', 'mqtt-packet'],
  },
  {
    name: 'Only libs/read-store connects to PostgreSQL, beside the embedded server and the event node.',
    from: ['**'],
    except: ['libs/{read-store,embedded}/**', 'apps/event-node/**', ...testCode],
    not: ['pg', 'knex'],
    typesAllowed: true,
  },
  {
    name: 'HTTP stays at the edge: routes, modules, libs/http, the resource kit and the API.',
    from: ['**'],
    except: [
      '**/*.{http,module}.ts',
      'libs/{http,resource,access}/**',
      'libs/fanout/src/nest/**',
      'projections/*/consumer.ts',
      'apps/api/**',
      // Serves the probes of every process.
      'libs/process/src/supervision-server.ts',
      ...testCode,
    ],
    not: ['@nestjs/**', 'fastify', 'class-validator', 'class-transformer', 'libs/http/**'],
    // How the text of a query is read.
    allow: ['libs/http/src/query-params.ts'],
    typesAllowed: true,
  },
];

/** @type {readonly import('./architecture.js').Rule[]} */
const boundaries = [
  {
    name: 'A library imports no projection, no app and no test.',
    from: ['libs/**'],
    except: testCode,
    not: ['projections/**', 'apps/**', 'test/**'],
  },
  {
    name: 'A projection imports no app and no test, and of the other projections nothing.',
    from: ['projections/*/**'],
    except: testCode,
    own: true,
    not: ['projections/**', 'apps/**', 'test/**'],
  },
  {
    name: 'Code that runs in production imports no test code.',
    from: ['**'],
    except: testCode,
    not: testCode,
  },
  {
    name: 'Contexts meet through contract.ts.',
    from: contextFiles,
    except: ['**/*.http.ts'],
    not: contextFiles,
    allow: ['libs/*/src/contract.ts'],
    own: true,
  },
  {
    name: 'A controller takes of another context its permission decorator alone.',
    from: contexts.map((name) => `libs/${name}/src/**/*.http.ts`),
    not: contextFiles,
    allow: ['libs/*/src/contract.ts', permission],
    own: true,
  },
  {
    name: 'A library knows no context, but for the permissions of its routes.',
    from: ['libs/**'],
    except: [...contextFiles, ...testCode],
    not: contextFiles,
    allow: [permission],
  },
  {
    name: 'The write side reads no read model.',
    from: contextFiles,
    except: ['**/*.http.ts', ...testCode],
    not: ['projections/**', 'libs/resource/**', 'libs/read-store/src/{schema-names,as-of}.ts'],
  },
  {
    name: 'An app is wiring: of the registry it takes modules with their settings, declarations, processes, and what it looks up.',
    from: ['apps/**'],
    except: testCode,
    not: ['libs/product-registry/**'],
    allow: ['libs/*/src/{context,contract,look-alikes}.ts', '**/*{.module,.process,-settings}.ts'],
  },
  {
    name: 'Keys and permissions are for the API alone.',
    from: ['apps/**'],
    except: ['apps/api/**', ...testCode],
    not: ['libs/access/**'],
    allow: ['libs/*/src/{context,contract}.ts'],
  },
  {
    name: 'An app imports no other app.',
    from: ['apps/*/**'],
    except: testCode,
    own: true,
    not: ['apps/*/**'],
  },
];

export const rules = [...purity, ...drivers, ...boundaries];

/** What breaks a rule today, by the name of the rule, and why. The lists may only shrink: a test fails on what is repaired. */
export const known = {
  'The write side reads no read model.': [
    [
      'libs/product-registry/src/import/read-model.ts -> libs/read-store/src/schema-names.ts',
      'Imports whose request was lost, and lists from before, are found in the list of imports; their own streams decide.',
    ],
    [
      'libs/battery-lab/src/import/read-model.ts -> libs/read-store/src/schema-names.ts',
      'The same of experiments that are imported.',
    ],
    [
      'libs/battery-lab/src/import/experiment-imports.ts -> libs/read-store/src/schema-names.ts',
      'The same.',
    ],
  ],
  'An app imports no other app.': [
    [
      'apps/ctl/settings.ts -> apps/standalone/run-note.ts',
      'The command line reads the address that `npm start` wrote down.',
    ],
    [
      'apps/standalone/config.ts -> apps/relay/config.ts',
      'What `npm start` passes on to its relay is declared once.',
    ],
  ],
};

/** Whether an import breaks the rule and is listed for it. */
export const isKnown = ({ name }, { from, to }) =>
  (known[name] ?? []).some(([found]) => found === `${from} -> ${to}`);

const source = (pattern) =>
  pattern.replace(/\*\*\/|\*\*|\*|\{[^}]*\}|[.+^$()|[\]\\?]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part.startsWith('{')) return `(?:${part.slice(1, -1).split(',').map(source).join('|')})`;
    return `\\${part}`;
  });

const expressions = new Map();

/** Whether a path or a package's name fits one of the patterns. */
export const matches = (path, patterns) =>
  patterns.some((pattern) => {
    const known = expressions.get(pattern) ?? new RegExp(`^${source(pattern)}$`);
    expressions.set(pattern, known);
    return known.test(path);
  });

/** The library, app or projection that a file belongs to: `libs/kernel`; for a package its own name. */
export const folderOf = (path) => path.split('/').slice(0, 2).join('/');

const { imports: aliases } = JSON.parse(
  readFileSync(new URL('./package.json', import.meta.url), 'utf8'),
);

/** The file of this repository, or the package, that an import of `specifier` in the file `from` names. */
export const resolveImport = (specifier, from) => {
  if (specifier.startsWith('.')) {
    return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  }
  for (const [alias, { source: target }] of Object.entries(aliases)) {
    const [before, after] = alias.split('*');
    if (!specifier.startsWith(before) || !specifier.endsWith(after)) continue;
    const name = specifier.slice(before.length, specifier.length - after.length);
    return posix.normalize(target.replace('*', name));
  }
  return specifier;
};

/** Whether a rule is about the imports of a file. */
export const concerns = ({ from, except = [] }, path) =>
  matches(path, from) && !matches(path, except);

/** Whether a rule that concerns the file `from` forbids it to import `to`. */
export const forbids = (rule, { from, to, typesOnly }) => {
  const { only, not = [], allow = [], own, typesAllowed } = rule;
  if (typesAllowed && typesOnly) return false;
  if (own && folderOf(from) === folderOf(to)) return false;
  if (matches(to, allow)) return false;
  return matches(to, not) || (only !== undefined && !matches(to, only));
};
