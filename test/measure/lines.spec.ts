import { describe, expect, it } from 'vitest';

import { followsTheLog, isProduction, linesOf, ownerOf, sumOf } from './lines.js';

describe('production code', () => {
  it.each([
    'libs/kernel/src/event.ts',
    'projections/api-keys/table.sql',
    'libs/subscription/migrations/000001_projections.sql',
    'apps/api/main.ts',
  ])('is %s', (path) => {
    expect(isProduction(path)).toBe(true);
  });

  it.each([
    'libs/http/src/etag.spec.ts',
    'projections/product-catalog/story.fixture.ts',
    'libs/kernel/src/event-types.types.ts',
    'libs/testing/src/until.ts',
    'libs/resource/src/test/thing.ts',
    'libs/csv/src/testing/cells.ts',
    'libs/fanout/src/contract-suite/suite.ts',
    'test/measure/lines.ts',
    'docs/openapi.json',
    'libs/fanout/README.md',
  ])('is not %s', (path) => {
    expect(isProduction(path)).toBe(false);
  });
});

it('counts the lines of a commit, by who they belong to', () => {
  const lines = linesOf('HEAD');
  expect(lines.get('libs/kernel/src/context.ts')).toBeGreaterThan(20);
  expect(ownerOf('libs/kernel/src/context.ts')).toBe('libs/kernel');
  expect(ownerOf('projections/all.ts')).toBe('projections');
  const all = sumOf(lines, () => true);
  const some = sumOf(lines, followsTheLog);
  expect(some).toBeGreaterThan(0);
  expect(some + sumOf(lines, (path) => !followsTheLog(path))).toBe(all);
});
