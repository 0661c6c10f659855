import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ReadStore } from '#read-store/read-store.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import type { Projection } from '#subscription/projection/projection.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { migratedDatabase } from '#subscription/projection/test/fixture.js';
import { quiet } from '#testing/quiet.js';

import { ResourceReader } from '../reader.js';

/** Reads the log of a node, with one projection of it built in a database of its own. */
export const readLog = async (url: string, projection: Projection) => {
  const log = EsdbEventLog.connect(url);
  const tail = new LogTail(log);
  await tail.start();
  const database = await migratedDatabase();
  const store = new ReadStore(database.url);
  const runner = new ProjectionRunner([projection], { store, log, tail, logger: quiet });
  await runner.start();
  await untilBuilt(store, [projection], 20_000);
  return {
    ...{ log, store, runner },
    /** One that has not made any items yet. */
    newReader: () => new ResourceReader(store, log, tail, () => Promise.resolve(new Map())),
    stop: async (): Promise<void> => {
      await runner.stop();
      await tail.stop();
      await store.close();
      await log.close();
      await database.drop();
    },
  };
};

export type ReadLog = Awaited<ReturnType<typeof readLog>>;
