import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

type Suite = Readonly<Record<string, unknown>>;

let summaryLines: (results: { readonly testResults: readonly Suite[] }) => string[];
let conformanceLine: (suites: readonly Suite[], whose?: string) => string | undefined;
beforeAll(async () => {
  const path = join(projectRoot, 'scripts', 'summary.mjs');
  ({ summaryLines, conformanceLine } = (await import(path)) as {
    summaryLines: typeof summaryLines;
    conformanceLine: typeof conformanceLine;
  });
});

const tests = (statuses: Readonly<Record<string, number>>) =>
  Object.entries(statuses).flatMap(([status, count]) =>
    Array.from({ length: count }, () => ({ status, ancestorTitles: [] })),
  );

const suites: readonly Suite[] = [
  { name: '/x/read.conformance.spec.ts', assertionResults: tests({ passed: 5, skipped: 2 }) },
  {
    name: '/x/differences.conformance.spec.ts',
    assertionResults: tests({ passed: 3, failed: 1, skipped: 1 }),
  },
  { name: '/x/order.spec.ts', assertionResults: tests({ passed: 7 }) },
];

describe('the summary of a run', () => {
  it('says how a store conforms before its last line', () => {
    const lines = summaryLines({ testResults: suites });
    expect(lines.at(-2)).toBe(conformanceLine(suites));
    expect(lines.at(-1)).toBe('tests: 15 passed, 1 failed, 3 skipped');
  });

  it('counts what passed, differs as stated, differs otherwise and was not run', () => {
    expect(conformanceLine(suites, 'server')).toBe(
      'conformance, as a server answers: 5 passed, 3 differ from the node as stated, 1 differ otherwise, 3 are of the node alone and were not run',
    );
  });

  it('does not count as of the node alone what was skipped for another reason', () => {
    const ancestorTitles = ['links [skipped: the standard projections are not running]'];
    const skipped = { status: 'skipped', ancestorTitles };
    const suite = { name: '/x/link.conformance.spec.ts', assertionResults: [skipped] };
    const lines = summaryLines({ testResults: [...suites, suite] });
    expect(lines.at(-3)).toBe('skipped: 1 test: the standard projections are not running');
    expect(lines.at(-2)).toContain('3 are of the node alone and were not run');
  });

  it('says of a node that what is stated holds', () => {
    expect(conformanceLine(suites, 'node')).toContain('3 hold where a server differs');
  });

  it('counts a suite that did not load', () => {
    const given = { name: '/x/read.conformance.spec.ts', assertionResults: tests({ passed: 5 }) };
    const broken = { name: '/x/link.conformance.spec.ts', assertionResults: [], status: 'failed' };
    expect(conformanceLine([given, broken], 'server')).toMatch(/: 5 passed, .* 1 differ otherwise/);
  });

  it('says nothing of it where the suite was not run', () => {
    const [last, ...more] = summaryLines({ testResults: suites.slice(2) });
    expect([last, more]).toEqual(['tests: 7 passed, 0 failed, 0 skipped', []]);
  });
});
