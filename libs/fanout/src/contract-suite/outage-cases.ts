import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startPostgres } from '#embedded/postgres.js';
import { nothingLeft, prepareDatabase } from '#subscription/test/harness.js';
import { type OwnPostgres, ownPostgres } from '#testing/embedded.js';
import { runFolder } from '#testing/run-folder.js';
import { until } from '#testing/until.js';

import { ConsumerHarness, type HarnessOptions } from './harness.js';
import { ledger } from './ledger.js';

/** What the stores fail by is waited for, and says nothing of the facts. */
export const outageCases = (options: HarnessOptions): void => {
  describe('an outage', () => {
    let dataDir: string;
    let postgres: OwnPostgres;
    let harness: ConsumerHarness;

    beforeEach(async () => {
      dataDir = mkdtempSync(join(runFolder(), 'outage-'));
      postgres = await ownPostgres({ dataDir });
      const databaseUrl = await postgres.server.ensureDatabase({ name: 'read', role: 'read' });
      await prepareDatabase(databaseUrl);
      harness = await ConsumerHarness.start({ ...options, databaseUrl });
    });

    afterEach(async () => {
      await harness.stop();
      await postgres.dispose();
    });

    it('of Postgres loses, doubles and counts nothing, however it ends the connections', async () => {
      let published = 0;
      const publish = async (): Promise<void> => {
        await harness.append(20, 'counter-outage');
        published += 20;
      };
      const run = await harness.run(ledger());
      await publish();
      await harness.untilWritten(published);
      for (const round of [1, 2, 3]) {
        await publish();
        await harness.store.pool
          .query(
            'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = current_user',
          )
          .catch(() => undefined);
        await publish();
        if (round === 2) {
          await postgres.server.stop();
          await publish();
          await until('its status says so', () => run.runner.status().state === 'waiting');
          await sleep(2_000);
          postgres.server = await startPostgres({ dataDir, port: postgres.server.port });
        }
      }
      await harness.untilWritten(published);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
      await until('it runs again', () => run.runner.status().state === 'running');
    });
  });
};
