import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { EventLog } from '#event-log/event-log.js';
import { until } from '#testing/until.js';

import { Lease } from './lease.js';
import { type ProjectionClient } from './projection.js';
import { placeRequest, type Request } from './requests.js';
import { handleParkedRequest } from './retry-parked.js';
import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

const stream = 'tally-ill';

describe('a retry of parked events', () => {
  let fixture: Fixture;
  let broken: boolean;
  let afterSave: ((client: ProjectionClient) => Promise<void>) | undefined;
  const leases: Lease[] = [];
  const projection = tally({
    before: ({ data }) => {
      if (broken && data['fail'] === true) throw new Error('value is not a number');
    },
    afterSave: async (client) => afterSave?.(client),
  });

  beforeEach(async () => {
    broken = true;
    afterSave = undefined;
    fixture = await Fixture.start();
    await fixture.runBuilt(projection);
    await appendCounted(fixture.log, 1, stream, { fail: true });
    await appendAndWait(2);
    expect(await parkedCount()).toBe(3);
    broken = false;
  });

  afterEach(async () => {
    for (const lease of leases.splice(0)) await lease.close();
    await fixture.stop();
  });

  const parkedCount = async (): Promise<number> =>
    Number(await fixture.value('select count(*) from read_store.parked'));
  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));
  const outcome = (id: string): Promise<unknown> =>
    fixture.value('select outcome from read_store.request where id = $1', [id]);
  /** Whether a request to stop, placed after another one, was carried out. */
  const stopped = async (): Promise<boolean> =>
    (await fixture.value(`select outcome from read_store.request where kind = 'stop'`)) ===
    'nothing is being built';
  const appendAndWait = async (count: number): Promise<void> => {
    const last = await fixture.count(count, stream);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
  };

  /** What is asked of no runner of the fixture: it belongs to a projection that they do not run. */
  const retryOf = async (name = 'tally'): Promise<Request> => {
    const parkedId = await fixture.value('select min(id) from read_store.parked');
    const request: Request = {
      id: randomUUID(),
      projection: name,
      kind: 'retry',
      version: null,
      parkedId: String(parkedId),
      reason: null,
      requestedBy: 'test',
    };
    await placeRequest(fixture.store, request);
    return request;
  };

  /** Carries a request out as another process would, on a log that it reads through `log`. */
  const carryOut = (
    request: Request,
    log: Pick<EventLog, 'readStream'>,
  ): Promise<string | undefined> => {
    const lease = new Lease(fixture.database.url, fixture.store.logger);
    leases.push(lease);
    const context = { store: fixture.store, log, lease, holder: randomUUID() };
    return handleParkedRequest(context, projection, { ...request, projection: 'tally' });
  };

  it('applies those too that are parked behind while the stream is read', async () => {
    let reads = 0;
    const slow: Pick<EventLog, 'readStream'> = {
      readStream: async function* (...asked) {
        reads += 1;
        if (reads === 1) await appendAndWait(2);
        yield* fixture.log.readStream(...asked);
      },
    };
    expect(await carryOut(await retryOf('not run here'), slow)).toBe('5 applied');
    expect(await parkedCount()).toBe(0);
    expect(await sum()).toBe(5);
    await appendAndWait(1);
    expect(await sum()).toBe(6);
  });

  it('that reads for long is left alone by the other runners', async () => {
    let reading = false;
    let goOn = false;
    const slow: Pick<EventLog, 'readStream'> = {
      readStream: async function* (...asked) {
        reading = true;
        await until('told to go on', () => goOn);
        yield* fixture.log.readStream(...asked);
      },
    };
    const request = await retryOf('not run here');
    const done = carryOut(request, slow);
    await until('it reads', () => reading);
    // As if it had begun a minute ago; now the runner of the fixture comes upon it.
    await fixture.rows(
      `update read_store.request set projection = 'tally', started_at = now() - interval '1 minute'`,
    );
    await fixture.request('stop', 'tally');
    await until('it was passed by', stopped);
    expect(await outcome(request.id)).toBeNull();
    goOn = true;
    expect(await done).toBe('3 applied');
  });

  it('of a process that is gone is closed and says so', async () => {
    const request = await retryOf('not run here');
    await fixture.rows(
      `update read_store.request set projection = 'tally', started_at = now(), started_by = $1`,
      [randomUUID()],
    );
    await until('closed', async () => (await outcome(request.id)) !== null);
    expect(await outcome(request.id)).toBe('the process ended while it was tried again');
    expect(await parkedCount()).toBe(3);
  });

  it('that always takes too long ends after some tries, and keeps nobody waiting', async () => {
    afterSave = async (client) => {
      await client.query(`set local statement_timeout to '50ms'`);
      await client.query('select pg_sleep(10)');
    };
    const request = await retryOf();
    await until('it failed once', async () => {
      return (
        (await fixture.value('select started_at from read_store.request where id = $1', [
          request.id,
        ])) !== null
      );
    });
    await fixture.request('stop', 'tally');
    await until('the one behind it is done', stopped);
    await until('given up', async () => (await outcome(request.id)) !== null);
    expect(await outcome(request.id)).toMatch(/^failed: .*statement timeout/);
    expect(await parkedCount()).toBe(3);
    afterSave = undefined;
    const again = await retryOf();
    await until('applied', async () => (await outcome(again.id)) === '3 applied');
  });
});
