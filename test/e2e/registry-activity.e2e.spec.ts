import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ActivityUser } from '#test/support/activity-user.js';
import { projectRoot } from '#testing/build.js';
import { TestStandalone } from '#testing/standalone.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-activity-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let user: ActivityUser;

beforeAll(async () => {
  user = new ActivityUser(await TestStandalone.start({ dataDir }));
});
afterAll(async () => {
  await user.voltrace.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the activity of the registry', () => {
  it('counts what is registered, imported and changed', async () => {
    await user.done('import', 'manufacturers', join(projectRoot, 'examples', 'manufacturers.csv'));
    await user.ctl('import', 'products', join(projectRoot, 'examples', 'battery-list.csv'));
    const maker = await user.makeMaker();
    const product = await user.makeBattery(maker, 'A-1');
    const { position } = await user.setName(product, 'Name');
    const rows = await user.activity(`&after=${position}&manufacturerId=${maker}`);
    expect(rows).toContainEqual(
      expect.objectContaining({ kind: 'product-registered', changes: 1 }),
    );
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'elements-set', changes: 1 }));
    await user.matches();
    expect(await user.done('analytics', 'activity', '--kind', 'product-registered')).toContain(
      'product-registered',
    );
  });

  it('comes to the same after a restart', async () => {
    await user.voltrace.stop();
    user = new ActivityUser(await TestStandalone.start({ dataDir }));
    await user.setName(await user.makeBattery(await user.makeMaker(), 'B-1'), 'Name');
    await user.matches();
  });
});

describe('resetting its consumer', () => {
  it('asks first, and does nothing where nobody can answer', async () => {
    const { exitCode, stderr } = await user.ctl(
      ...['subscriptions', 'reset', 'registry-activity', '--to', 'start', '--reason', 'test'],
    );
    expect(exitCode).toBe(2);
    const facts = (await user.events('product,manufacturer')).length;
    expect(stderr).toContain(`${String(facts)} events will be delivered to registry-activity`);
    expect(stderr).toContain('It forgets every count of GET /v1/analytics/registry-activity');
    expect(stderr).toContain('--yes goes on without asking');
    expect(await user.events('subscription')).toEqual([]);
  });

  it('comes to the same counts, and is recorded with who and why', async () => {
    const reset = await user.done(
      ...['subscriptions', 'reset', 'registry-activity', '--to', 'start'],
      ...['--reason', 'counts are in doubt', '--yes'],
    );
    expect(reset).toBe('registry-activity: reset on source log.\n');
    await user.matches();
    const [asked] = await user.events('subscription');
    expect(asked).toMatchObject({
      stream: 'subscription-registry-activity',
      type: 'SubscriptionReset',
      data: { to: null },
      metadata: { reason: 'counts are in doubt', actor: { id: expect.any(String) as unknown } },
    });
    expect(await user.done('subscriptions', 'show', 'registry-activity')).toContain(
      'reset on source log',
    );
    expect(await user.done('subscriptions')).toMatch(/registry-activity.*log.*running/);
  });

  it.each([
    [['registry-activity', '--to', '7'], 'RESET_FROM_START_ONLY'],
    [['registry-activity', '--to', 'yesterday'], 'expected start, or a position'],
    [['nobody', '--to', 'start'], 'SUBSCRIPTION_NOT_FOUND'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await user.ctl(
      'subscriptions',
      'reset',
      ...args,
      '--reason',
      'x',
      '--yes',
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe('a fact that cannot be counted', () => {
  /** A fault of the store's tables that an operator finds and corrects. */
  const sql = async (statement: string): Promise<void> => {
    const { databaseUrl } = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as {
      databaseUrl: string;
    };
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(statement);
    await client.end();
  };

  it('waits with what comes behind it, holds up nobody else, and is counted after the fix', async () => {
    const maker = await user.makeMaker();
    const [sick, well] = [
      await user.makeBattery(maker, 'S-1'),
      await user.makeBattery(maker, 'W-1'),
    ];
    await user.matches();
    await sql(
      `alter table analytics.registry_activity add constraint broken
         check (kind <> 'elements-withdrawn') not valid`,
    );
    const { position } = await user.setName(sick, 'Name');
    await user.withdrawName(sick);
    await user.setName(sick, 'Other name');
    const last = await user.setName(well, 'Name');
    const healthy = await user.activity(`&after=${last.position}&manufacturerId=${maker}`);
    expect(healthy).toContainEqual(expect.objectContaining({ kind: 'elements-set', changes: 2 }));
    expect(BigInt(position) < BigInt(last.position)).toBe(true);

    const listed = JSON.parse(await user.done('--json', 'parked', 'list')) as {
      items: readonly Record<string, unknown>[];
    };
    const stream = `product-${sick}`;
    expect(listed.items).toMatchObject([
      {
        stream,
        type: 'ElementsWithdrawn',
        attempts: 5,
        error: expect.stringContaining('violates check constraint "broken"') as unknown,
      },
      { stream, type: 'ElementsSet', error: null },
    ]);
    const all = ['--subscription', 'registry-activity', '--yes'];
    const early = await user.ctl('parked', 'retry', ...all);
    expect([early.exitCode, early.stderr]).toEqual([1, expect.stringContaining('fails again')]);

    await sql('alter table analytics.registry_activity drop constraint broken');
    const id = String(listed.items[1]?.['id']);
    const retried = await user.done('parked', 'retry', id, '--reason', 'corrected');
    expect(retried).toContain('2 handled');
    await user.matches();
    expect(await user.done('parked', 'list')).toContain('Nothing found');
    expect((await user.events('subscription')).at(-1)).toMatchObject({
      type: 'ParkedEventsRetried',
      metadata: { reason: 'corrected' },
    });
  });
});
