import { describe, expect, it } from 'vitest';

import { contexts } from '#apps/contexts.js';
import { projections } from '#projections/all.js';
import { compiledRoot, projectRoot } from '#testing/build.js';

import { buildOf, NoOlderCommit } from './older-build.js';
import { breakingSince, raised, unknownTypes, type Version, versionIn } from './what-differs.js';

const version = (more: Partial<Version> = {}): Version => ({
  projections: [{ name: 'tally', version: 1 }],
  eventTypes: new Set(['tally Counted']),
  breaking: ['libs/tally/migrations/000001_first.sql'],
  ...more,
});

describe('what differs between two versions', () => {
  it('is nothing between equal ones', () => {
    expect(raised(version(), version())).toEqual([]);
    expect(unknownTypes(version(), version())).toEqual([]);
    expect(breakingSince(version(), version())).toEqual([]);
  });

  it('is what the newer has: projections, event types, migrations that the older cannot run beside', () => {
    const newer = version({
      projections: [
        { name: 'tally', version: 2 },
        { name: 'other', version: 1 },
      ],
      eventTypes: new Set(['tally Counted', 'tally Painted']),
      breaking: [...version().breaking, 'libs/tally/migrations/000002_second.sql'],
    });
    expect(raised(version(), newer)).toEqual(newer.projections);
    expect(unknownTypes(version(), newer)).toEqual(['tally Painted']);
    expect(breakingSince(version(), newer)).toEqual(['libs/tally/migrations/000002_second.sql']);
    expect(unknownTypes(newer, version())).toEqual([]);
  });

  it('is read from the compiled sources', async () => {
    const own = await versionIn(compiledRoot);
    expect(own.projections).toHaveLength(projections.length);
    expect(own.eventTypes.size).toBeGreaterThan(contexts.length * 3);
    expect(own.eventTypes).toContain('product ProductRegistered');
    expect(own.breaking.some((path) => path.includes('subscription'))).toBe(true);
  });
});

describe('the build of an older commit', () => {
  it('is none where there is no such commit, as in a shallow clone', () => {
    expect(() => buildOf(projectRoot, 'no-such-commit~1')).toThrow(NoOlderCommit);
  });
});
