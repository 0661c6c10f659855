import { describe, expect, it } from '@jest/globals';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';

import { projectRoot } from '#testing/build.js';

// Without the compiler's types, which take long and which none of these rules asks for.
const untyped = tseslint.configs.disableTypeChecked as Linter.Config;
const eslint = new ESLint({ cwd: projectRoot, overrideConfig: untyped });

const imports = '@typescript-eslint/no-restricted-imports';
const syntax = 'no-restricted-syntax';

/** Which of the two rules refuse a line in a file of this name. */
const refusals = async (filePath: string, line: string): Promise<(string | null)[]> => {
  const [result] = await eslint.lintText(`${line}\n`, { filePath });
  const found = result!.messages.map(({ ruleId }) => ruleId);
  return found.filter((id) => id === null || id === imports || id === syntax);
};

const importOf = (path: string) => `import '${path}';`;
const client = importOf('@eventstore/db-client');
const grpc = importOf('@eventstore/db-client/generated/streams_pb.js');
const registry = importOf('#product-registry/context.js');
const access = importOf('#access/guard.js');
const permission = importOf('#access/require-permission.js');
const product = 'libs/product-registry/src/product';

describe('the rules of imports', () => {
  it.each([
    ['apps/api/main.ts', client],
    ['libs/kernel/src/x.ts', client],
    ['libs/fanout/src/relay/decider.ts', grpc],
    ['libs/product-registry/src/x.ts', client],
    [`${product}/product.http.ts`, client],
    [`${product}/events.ts`, client],
    [`${product}/decider.spec.ts`, client],
    ['test/e2e/x.e2e.spec.ts', grpc],
    ['projections/imports/projector.ts', client],
    // A pure file of a context is under both rules, and so is a controller.
    [`${product}/events.ts`, access],
    [`${product}/decider.ts`, permission],
    [`${product}/decider.ts`, importOf('node:fs')],
    [`${product}/decider.ts`, importOf('@nestjs/common')],
    [`${product}/product.http.ts`, access],
    [`${product}/product.ts`, permission],
    ['libs/access/src/api-key/decider.ts', registry],
    ['libs/access/src/api-key/api-keys.http.ts', registry],
    ['libs/access/src/guard.ts', registry],
    ['libs/kernel/src/instant.ts', importOf('pg')],
    ['libs/event-log/src/key/events.ts', importOf('node:crypto')],
    ['libs/event-log/src/key/decider.ts', importOf('kafkajs')],
  ])('refuse in %s: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([imports]);
  });

  it.each([
    ['libs/event-log/src/esdb.ts', client],
    ['apps/event-node/read.ts', grpc],
    ['test/conformance/raw.ts', client],
    [`${product}/product.http.ts`, permission],
    [`${product}/product.ts`, importOf('node:fs')],
    [`${product}/decider.ts`, importOf('#kernel/decider.js')],
    ['libs/access/src/guard.ts', permission],
    ['apps/api/api.module.ts', access],
  ])('allow in %s: %s', async (file, line) => {
    expect(await refusals(file, line)).toEqual([]);
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
