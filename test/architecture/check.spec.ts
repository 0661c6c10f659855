import { describe, expect, it } from 'vitest';

import { matches, rules } from '../../architecture.js';
import { cycles, violations } from './check.js';
import { type Import, importsIn } from './imports.js';

/** The rules that a repository of these files would break. */
const broken = (...files: readonly (readonly [path: string, text: string])[]): string[] => {
  const imports = files.flatMap(([path, text]) => importsIn(path, text));
  return rules.filter((rule) => violations(rule, imports).length > 0).map(({ name }) => name);
};

const product = 'libs/product-registry/src/product';

/** Each breaks one rule. */
const examples: readonly (readonly [rule: RegExp, path: string, text: string])[] = [
  [/^The kernel/, 'libs/kernel/src/x.ts', "import { v } from 'rxjs';"],
  [/^Events, commands/, `${product}/decider.ts`, "import { readFileSync } from 'node:fs';"],
  [/^Events, commands/, `${product}/state.ts`, "import { nowIso } from '#kernel/wall-clock.js';"],
  [/^Events, commands/, `${product}/events.ts`, "const { v4 } = await import('uuid');"],
  [/^What series/, 'libs/series/src/x.ts', "import { a } from '#event-log/position.js';"],
  [/^Programs of/, 'libs/cycling/src/x.ts', "import { a } from '#event-log/position.js';"],
  [/^A projector/, 'projections/imports/projector.ts', "import { a } from '#kernel/instant.js';"],
  [/EventStoreDB/, 'apps/api/main.ts', "import type { A } from '@eventstore/db-client';"],
  [/Kafka/, 'apps/relay/main.ts', "import { Kafka } from 'kafkajs';"],
  [/MQTT/, 'apps/mqtt-broker/main.ts', "import { Aedes } from 'aedes';"],
  [/PostgreSQL/, 'libs/jobs/src/job-queue.ts', "import pg from 'pg';"],
  [/^HTTP stays/, `${product}/find-product.ts`, "import { Injectable } from '@nestjs/common';"],
  [/^HTTP stays/, 'libs/jobs/src/job-queue.ts', "import { etag } from '#http/etag.js';"],
  [/^A library imports/, 'libs/resource/src/x.ts', "import { all } from '#projections/all.js';"],
  [/^A library imports/, 'libs/resource/src/x.ts', "import '../../../apps/contexts.js';"],
  [/^A projection imports/, 'projections/imports/x.ts', "import { a } from '#apps/contexts.js';"],
  [/^A projection imports/, 'projections/imports/x.ts', "import { a } from '../api-keys/a.js';"],
  [/^Code that runs/, 'apps/api/main.ts', "import { until } from '#testing/until.js';"],
  [/^Contexts meet/, `${product}/x.ts`, "export { a } from '#access/guard.js';"],
  [/^A controller/, `${product}/product.http.ts`, "import { a } from '#access/guard.js';"],
  [/^A library knows/, 'libs/http/src/x.ts', "type A = import('#access/guard.js').Guard;"],
  [/^The write side/, `${product}/x.ts`, "import { a } from '#resource/reader.js';"],
  [/^An app is/, 'apps/api/x.ts', "import { a } from '#product-registry/registry.js';"],
  [/^Keys and/, 'apps/relay/x.ts', "import { a } from '#access/guard.js';"],
  [/^An app imports/, 'apps/relay/x.ts', "import { a } from '../api/main.js';"],
];

describe('the check of the architecture', () => {
  it.each(examples)('finds that it breaks "%s": %s: %s', (rule, path, text) => {
    const names = broken([path, text]);
    expect(names).toEqual([expect.stringMatching(rule)]);
  });

  it('has an example for every rule', () => {
    const named = (name: string): boolean => examples.some(([rule]) => rule.test(name));
    expect(rules.map(({ name }) => name).filter((name) => !named(name))).toEqual([]);
  });

  it.each([
    [`${product}/decider.ts`, "import { ids } from './events.js'; import { T } from 'typebox';"],
    [`${product}/product.http.ts`, "import { a } from '#access/require-permission.js';"],
    [`${product}/x.ts`, "import { a } from '#access/contract.js';"],
    [`${product}/x.spec.ts`, "import { until } from '#testing/until.js';"],
    ['libs/jobs/src/job-queue.ts', "import type { Pool } from 'pg';"],
    ['projections/imports/projector.ts', "import { a } from './working-set.js';"],
    ['apps/processes.ts', "import { a } from '#product-registry/assign-codes.process.js';"],
  ])('finds nothing in %s: %s', (path, text) => {
    expect(broken([path, text])).toEqual([]);
  });

  it('follows the imports of values of a pure file to whatever they lead to', () => {
    const first = [`${product}/decider.ts`, "import { a } from './a.js';"] as const;
    const second = [`${product}/a.ts`, "import { b } from './b.js';"] as const;
    const third = [`${product}/b.ts`, "import { randomUUID } from 'node:crypto';"] as const;
    const imports = [first, second, third].flatMap(([path, text]) => importsIn(path, text));
    expect(rules.flatMap((rule) => violations(rule, imports))).toEqual([
      `${product}/decider.ts:1 -> ${product}/a.ts -> ${product}/b.ts -> node:crypto`,
    ]);
    const types = [`${product}/a.ts`, "import type { b } from './b.js';"] as const;
    expect(broken(first, types, third)).toEqual([]);
    const ids = ['libs/kernel/src/ids.ts', "import { hash } from 'node:crypto';"] as const;
    expect(broken([first[0], "import { a } from '#kernel/ids.js';"], ids)).toEqual([]);
  });

  it('names file and line', () => {
    const text = "\n\n// A comment.\nimport {\n  a,\n} from '#apps/contexts.js';";
    const found = rules.flatMap((rule) => violations(rule, importsIn('libs/csv/src/x.ts', text)));
    expect(found).toEqual(['libs/csv/src/x.ts:6 -> apps/contexts.ts']);
  });

  it('finds cycles of folders, of types too', () => {
    const edge = (from: string, to: string): Import => ({
      ...{ from: `libs/${from}/src/x.ts`, to: `libs/${to}/src/x.ts` },
      ...{ line: 1, typesOnly: true, reexport: false },
    });
    expect(cycles([edge('a', 'b'), edge('b', 'c'), edge('a', 'c'), edge('c', 'c')])).toEqual([]);
    expect(cycles([edge('a', 'b'), edge('b', 'c'), edge('c', 'a'), edge('c', 'd')])).toEqual([
      'libs/a -> libs/b -> libs/c -> libs/a',
    ]);
  });
});

describe('what is imported', () => {
  it.each([
    ["import { a } from './a.js';", false],
    ["import type { A } from './a.js';", true],
    ["import { type A, type B } from './a.js';", true],
    ["import { type A, b } from './a.js';", false],
    ["import a, { type B } from './a.js';", false],
    ["import './a.js';", false],
    ["export * from './a.js';", false],
    ["export type { A } from './a.js';", true],
    ["const a = () => import('./a.js');", false],
    ["const a = require('./a.js');", false],
    ["import a = require('./a.js');", false],
    ["let a: typeof import('./a.js');", true],
  ])('is read from: %s', (text, typesOnly) => {
    const [found, ...others] = importsIn('libs/kernel/src/x.ts', text);
    expect(found).toMatchObject({ to: 'libs/kernel/src/a.ts', typesOnly });
    expect(others).toEqual([]);
  });

  it.each(["// import './a.js';", 'const a = "import \'./a.js\'";'])('is not: %s', (text) => {
    expect(importsIn('libs/kernel/src/x.ts', text)).toEqual([]);
  });
});

describe('a pattern', () => {
  it.each([
    ['libs/a/src/events.ts', 'libs/*/src/**/{events,state}.ts', true],
    ['libs/a/src/b/c/state.ts', 'libs/*/src/**/{events,state}.ts', true],
    ['libs/a/src/some-events.ts', 'libs/*/src/**/{events,state}.ts', false],
    ['libs/a/b/src/events.ts', 'libs/*/src/**/events.ts', false],
    ['node:fs', 'node:*', true],
    ['node:fs/promises', 'node:*', false],
    ['pgx', 'pg', false],
    ['libs/testingx/a.ts', 'libs/testing/**', false],
    ['a.spec.ts', '**/*.{spec,fixture}.ts', true],
    ['aXspec.ts', '**/*.{spec,fixture}.ts', false],
  ])('%s of %s: %s', (path, pattern, expected) => {
    expect(matches(path, [pattern])).toBe(expected);
  });
});
