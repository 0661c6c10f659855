import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

import { sourceFiles } from '#test/architecture/imports.js';
import { projectRoot } from '#testing/build.js';

import { syntax as restrictedSyntax } from '../../eslint.restricted.js';

// Without the compiler's types, which take long and which none of these rules asks for.
const untyped = tseslint.configs.disableTypeChecked as Linter.Config;
const eslint = new ESLint({ cwd: projectRoot, overrideConfig: untyped });

const imports = 'architecture/imports';
const syntax = 'no-restricted-syntax';

/** Which of the two rules refuse a line in a file of this name. */
const refusals = async (filePath: string, line: string): Promise<(string | null)[]> => {
  const [result] = await eslint.lintText(`${line}\n`, { filePath });
  const found = result!.messages.map(({ ruleId }) => ruleId);
  return found.filter((id) => id === null || id === imports || id === syntax);
};

const importOf = (path: string) => `import '${path}';`;
const client = importOf('@eventstore/db-client');
const access = importOf('#access/guard.js');
const permission = importOf('#access/require-permission.js');
const product = 'libs/product-registry/src/product';

// Each rule of architecture.js has its examples in test/architecture: here, that the linter applies them.
describe('the rules of imports', () => {
  it.each([
    ['apps/api/main.ts', client],
    ['apps/api/main.ts', "void import('@eventstore/db-client');"],
    ['test/e2e/x.e2e.spec.ts', "import type { A } from '@eventstore/db-client/x.js';"],
    ['apps/relay/main.ts', "export * from 'kafkajs';"],
    ['libs/jobs/src/x.ts', importOf('pg')],
    ['libs/resource/src/x.ts', importOf('../../../projections/all.js')],
    ['libs/resource/src/x.ts', "export let a: import('#projections/all.js').A;"],
    [`${product}/product.http.ts`, access],
    [`${product}/product.ts`, permission],
    [`${product}/decider.ts`, importOf('node:fs')],
    ['libs/event-log/src/key/events.ts', importOf('node:crypto')],
    ['projections/imports/projector.ts', importOf('#read-store/moves.js')],
  ])('refuse in %s: %s', async (file, line) => {
    expect(new Set(await refusals(file, line))).toEqual(new Set([imports]));
  });

  it.each([
    ['libs/event-log/src/esdb.ts', client],
    ['test/conformance/raw.ts', client],
    [`${product}/product.http.ts`, permission],
    [`${product}/product.ts`, importOf('node:fs')],
    [`${product}/decider.ts`, importOf('#kernel/decider.js')],
    ['libs/jobs/src/x.ts', "import type { Pool } from 'pg';"],
    ['apps/api/api.module.ts', access],
  ])('allow in %s: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([]);
  });

  it('are on for every file, whatever blocks of the configuration follow', async () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(800);
    for (const file of files) {
      const { rules } = (await eslint.calculateConfigForFile(file)) as Required<Linter.Config>;
      expect([file, rules[imports]]).toEqual([file, [2]]);
    }
  });
});

describe('the configuration of a file', () => {
  it.each([
    [`${product}/decider.ts`, [0, 1]],
    ['libs/fanout/src/relay/decider.ts', [0, 1]],
    ['libs/product-registry/src/import/state.ts', [0, 1]],
    ['projections/imports/projector.ts', [0, 1]],
    ['libs/kernel/src/ids.ts', [0, 1]],
    ['libs/kernel/src/as-stored.spec.ts', [0, 2]],
    ['libs/http/src/etag.spec.ts', [2]],
    ['apps/api/main.ts', [1]],
    ['test/e2e/upgrade.int.spec.ts', [2]],
  ])('holds every row of the table that fits %s', async (file, rows) => {
    const { rules } = (await eslint.calculateConfigForFile(file)) as Required<Linter.Config>;
    const expected = rows.flatMap((row) => restrictedSyntax[row]?.forbids ?? []);
    expect(rules[syntax]).toEqual([2, ...expected]);
  });
});

describe('the rules of syntax', () => {
  const pure = `${product}/decider.ts`;
  const spec = 'libs/http/src/etag.spec.ts';
  it.each([
    [pure, 'new Date();'],
    [pure, 'Date.now();'],
    [pure, 'Math.random();'],
    ['libs/http/src/etag.ts', 'Date.now();'],
    ['libs/kernel/src/x.ts', 'crypto.randomUUID();'],
    ['libs/event-log/src/key/events.ts', 'randomUUID();'],
    ['libs/kernel/src/x.spec.ts', 'Date.now();'],
    ['libs/kernel/src/x.spec.ts', 'expect(1).toBe(1);'],
    [spec, 'expect(answer);'],
    [spec, 'expect.assertions(0);'],
    [spec, 'expect(true).toBe(true);'],
    [spec, 'expect(SomeError).toBeDefined();'],
  ])('refuse in %s: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([syntax]);
  });

  it.each([
    [pure, 'new Date(0);'],
    ['libs/kernel/src/wall-clock.ts', 'Date.now();'],
    ['libs/http/src/etag.ts', 'performance.now();'],
    [spec, 'Date.now();'],
    [spec, 'expect(answer).toBe(true);'],
    [spec, 'expect.assertions(2);'],
    [spec, 'expect(answer).toBeDefined();'],
  ])('allow in %s: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([]);
  });
});
