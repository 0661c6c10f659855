import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';
import { until } from '#testing/until.js';

import { DropProjectionVersion } from '../control/commands.js';
import { operatorMeta } from '../test/ask.js';
import { assertBuilt } from './assert-built.js';
import { type Build, readBuilds } from './builds.js';
import { type Projection } from './projection.js';
import { projectionStatus } from './projection-status.js';
import type { ProjectionRunner } from './run-projections.js';
import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('of two versions of a projection', () => {
  let fixture: Fixture;
  let runner: ProjectionRunner;
  /** Each test has a projection of its own. */
  let name = 'tally';
  let old: Projection;
  let next: Projection;
  /** What the log holds already. */
  let before: number;

  beforeAll(async () => {
    fixture = await Fixture.start();
  });

  beforeEach(async () => {
    name += '-x';
    old = tally({ name });
    next = tally({ name, version: 2 });
    runner = await fixture.runBuilt(old);
    before = await sumOf(old);
  });

  afterEach(async () => {
    await fixture.stopRunners();
  });

  afterAll(async () => {
    await fixture.stop();
  });

  /** A version 2 that cannot finish its build, for want of disk space. */
  const unfinishable = (): Projection =>
    tally({
      name,
      version: 2,
      afterSave: () =>
        Promise.reject(Object.assign(new Error('disk full'), { code: '53100', severity: 'ERROR' })),
    });

  const sumOf = async (version: ProjectionVersion): Promise<number> =>
    Number(await fixture.value(`select coalesce(sum(sum), 0) from ${schemaOf(version)}.total`));
  const buildsOf = async (): Promise<Build[]> => readBuilds(fixture.store.pool, name);
  const versions = async (): Promise<number[]> =>
    (await buildsOf()).map(({ version }) => version).sort();
  const statusOf = async (projection: Projection) =>
    (await projectionStatus(fixture.store, [projection])).find((one) => one.name === name);
  /** Makes what was applied last look as old as that. */
  const age = (version: number, seconds: number): Promise<unknown> =>
    fixture.rows(
      `update subscription.checkpoint c set recorded_at = recorded_at - $2 * interval '1 second',
              caught_up_at = caught_up_at - $2 * interval '1 second'
         from read_store.build b
        where b.version = $1 and b.projection = $3 and c.subscription = $3 and c.scope = 'build-' || b.build`,
      [version, seconds, name],
    );

  it('the older goes on with its tables beside an unfinished build of the newer', async () => {
    await runner.stop();
    await fixture.count(5);
    await (await fixture.run(unfinishable())).stop();
    await fixture.run(old);
    await waitForPosition(fixture.store, old, await fixture.count(1), { timeoutMs: 20_000 });
    expect(await sumOf(old)).toBe(before + 6);
    await fixture.rebuild(name);
    expect(await sumOf(old)).toBe(before + 6);
    await assertBuilt(fixture.store, old);
  });

  it('the older is rolled back to when the newer was finished, and forth again', async () => {
    await runner.stop();
    await fixture.count(5);
    const newer = await fixture.runBuilt(next);
    expect(await sumOf(next)).toBe(before + 5);
    await newer.stop();
    const back = await fixture.run(old);
    await waitForPosition(fixture.store, old, await fixture.count(1), { timeoutMs: 20_000 });
    expect(await sumOf(old)).toBe(before + 6);
    await assertBuilt(fixture.store, old);
    await back.stop();
    await fixture.run(next);
    await waitForPosition(fixture.store, next, await fixture.count(1), { timeoutMs: 20_000 });
    expect(await sumOf(next)).toBe(before + 7);
    await assertBuilt(fixture.store, next);
  });

  it('each is fed by its own projector side by side, and neither takes from the other', async () => {
    await fixture.count(5);
    await fixture.runBuilt(next);
    const built = (await buildsOf()).map(({ build, version, active }) => [build, version, active]);
    await fixture.rebuild(name);
    await fixture.rebuild(name, 2);
    const last = await fixture.count(1);
    for (const version of [old, next]) {
      await waitForPosition(fixture.store, version, last, { timeoutMs: 20_000 });
      expect(await sumOf(version)).toBe(before + 6);
      await assertBuilt(fixture.store, version);
    }
    expect(built).toEqual([
      [2, 2, true],
      [1, 1, true],
    ]);
    expect((await buildsOf()).map(({ build, version }) => [build, version])).toEqual([
      [4, 2],
      [3, 1],
    ]);
  });

  it('the one that nobody feeds refuses to answer with what is out of date, until it is fed', async () => {
    await fixture.count(5);
    await fixture.runBuilt(next);
    await waitForPosition(fixture.store, old, await fixture.count(1), { timeoutMs: 20_000 });
    await runner.stop();
    const events = Number((await statusOf(old))?.events);
    await waitForPosition(fixture.store, next, await fixture.count(4), { timeoutMs: 20_000 });
    await age(1, 60);
    await expect(assertBuilt(fixture.store, old)).rejects.toMatchObject({
      code: 'PROJECTION_OUTDATED',
      kind: 'unavailable',
      details: { progress: { percent: expect.any(Number), events, state: 'running' } },
    });
    const status = await statusOf(old);
    expect(status).toMatchObject({ version: 1, builtVersion: 1, events, pending: 4 });
    expect(status?.lagSeconds).toBeGreaterThan(59);
    expect(status?.others).toMatchObject([{ version: 2, state: 'running', events: events + 4 }]);
    await fixture.run(old);
    await until('it heals', () =>
      assertBuilt(fixture.store, old).then(
        () => true,
        () => false,
      ),
    );
    expect(await sumOf(old)).toBe(before + 10);
  });

  it('a third leaves the one before it, and those that are in use', async () => {
    await runner.stop();
    await (await fixture.run(unfinishable())).stop();
    await (await fixture.runBuilt(next)).stop();
    expect(await versions()).toEqual([1, 2]);
    const second = await fixture.run(next);
    await (await fixture.runBuilt(tally({ name, version: 3 }))).stop();
    await until('the first is dropped', async () => !(await versions()).includes(1));
    expect(
      await fixture.rows('select from pg_namespace where nspname = $1', [schemaOf(old)]),
    ).toEqual([]);
    const fourth = await fixture.runBuilt(tally({ name, version: 4 }));
    expect(await versions()).toEqual([2, 3, 4]);
    await second.stop();
    await fourth.stop();
    await (await fixture.runBuilt(tally({ name, version: 5 }))).stop();
    await until('those in between are dropped', async () => {
      return String(await versions()) === '4,5';
    });
  });

  it('one is dropped when an operator asks for it and no projector feeds it', async () => {
    const newer = await fixture.runBuilt(next);
    await runner.stop();
    const drop = (version: number): Promise<string> => {
      const command = new DropProjectionVersion({ version }, operatorMeta());
      return fixture.operator.done(name, command, 2);
    };
    expect(await drop(2)).toBe('version 2 is the running one');
    expect(await drop(7)).toBe('version 7 has no build');
    expect(await drop(1)).toBe('version 1 is dropped');
    expect(await versions()).toEqual([2]);
    expect(
      await fixture.rows('select from pg_namespace where nspname = $1', [schemaOf(old)]),
    ).toEqual([]);
    await newer.stop();
  });
});
