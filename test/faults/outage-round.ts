import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startPostgres } from '#embedded/postgres.js';
import type { ApiClient } from '#test/support/client.js';
import { startApi, startNode, startProjector } from '#test/support/parts.js';

import { wholeLog } from './checks.js';
import { ConflictLoad } from './conflicts/load.js';
import { caughtUp } from './operate.js';
import { SteadyLoad } from './steady-load.js';

/** The Postgres of the read models is away while commands go on: they need the log alone. */
export const outageRound = async ({
  dist,
  seconds,
  seed,
}: {
  readonly dist: string;
  readonly seed: number;
  readonly seconds: number;
}): Promise<readonly string[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-outage-'));
  const readDir = join(dataDir, 'read');
  const logDir = join(dataDir, 'log');
  for (const folder of [readDir, logDir]) mkdirSync(folder, { mode: 0o700 });
  const logServer = await startPostgres({ dataDir: logDir, explicit: false });
  let readServer = await startPostgres({ dataDir: readDir, explicit: false });
  const { port } = readServer;
  const logDatabaseUrl = await logServer.ensureDatabase({
    name: 'voltrace_log',
    role: 'voltrace_log',
  });
  const databaseUrl = await readServer.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
  const node = await startNode({ dist, dataDir, logDatabaseUrl });
  const parts = { dist, dataDir, databaseUrl, eventStoreUrl: node.url };
  const projector = await startProjector(parts);
  const apiPart = await startApi(parts);
  try {
    const api = apiPart.as(readFileSync(join(dataDir, 'admin.key'), 'utf8').trim());
    const load = new SteadyLoad(api, 'Outage Works');
    const conflicts = new ConflictLoad([api], seed);
    await sleep(2_000);
    await readServer.stop();
    await sleep(seconds * 1_000);
    const whileAway = load.accepted;
    readServer = await startPostgres({ dataDir: readDir, explicit: false, port });
    await sleep(3_000);
    await load.stop();
    await conflicts.stop();
    await caughtUp(api);
    return [...(await faultsAfterOutage(api, load, whileAway)), ...(await conflicts.faults(api))];
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await Promise.all([projector.stop(), apiPart.app.stop()]);
    await node.app.stop();
    await Promise.all([logServer.stop(), readServer.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const faultsAfterOutage = async (
  api: ApiClient,
  load: SteadyLoad,
  whileAway: number,
): Promise<readonly string[]> => {
  const { accepted, id = '' } = load;
  const faults = [...load.faults(await wholeLog(api))];
  console.log(`  ${accepted} commands accepted, ${whileAway} of them before Postgres was back`);
  const product = await api.get(`/v1/products/${id}`);
  // ProductRegistered is revision 0.
  if (product.body['revision'] !== accepted) {
    faults.push(`the catalog shows revision ${String(product.body['revision'])}, not ${accepted}`);
  }
  const parked = await api.get('/v1/parked');
  if ((parked.body['items'] as unknown[]).length > 0) faults.push(`parked: ${parked.text}`);
  if (whileAway < 10) faults.push('commands were not accepted while the read models were away');
  return faults;
};
