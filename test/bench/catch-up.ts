import { setTimeout as sleep } from 'node:timers/promises';

import type { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ReadStore } from '#read-store/read-store.js';
import { schemaOf } from '#read-store/schema-names.js';
import type { Projection } from '#subscription/projection/projection.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';

import { benchLogger as logger } from './stores.js';

/** Builds a projection from zero to the head, in a schema of its own. Answers how long that took, in milliseconds. */
export const catchUpMs = async (
  { databaseUrl, log }: { readonly databaseUrl: string; readonly log: EsdbEventLog },
  projection: Projection,
): Promise<number> => {
  const store = new ReadStore(databaseUrl, { logger });
  await store.pool.query(`drop schema if exists ${schemaOf(projection)} cascade`);
  await store.pool.query(
    'truncate read_store.projection, subscription.subscription, subscription.checkpoint cascade',
  );
  const tail = new LogTail(log);
  await tail.start();
  const runner = new ProjectionRunner([projection], { store, log, tail });
  const began = performance.now();
  await runner.start();
  try {
    for (;;) {
      const { rows } = await store.pool.query<{ done: boolean }>(
        'select active as done from read_store.build',
      );
      if (rows[0]?.done === true) return performance.now() - began;
      await sleep(20);
    }
  } finally {
    await runner.stop();
    await tail.stop();
    await store.close();
  }
};
