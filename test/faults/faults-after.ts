import { catalog } from '#projections/product-catalog/product-catalog.projection.js';
import type { ApiClient } from '#test/support/client.js';

import { logIsSound, tableHashes, wholeLog } from './checks.js';
import type { ConflictLoad } from './conflicts/load.js';
import { caughtUp, rebuild } from './operate.js';

/**
 * What is wrong after an import of `list` beside conflicts, however it went: nothing lost, doubled,
 * blocked or parked.
 */
export const faultsAfter = async (
  api: ApiClient,
  databaseUrl: string,
  conflicts: ConflictLoad,
  { list, rows }: { readonly list: string; readonly rows: number },
): Promise<readonly string[]> => {
  const faults: string[] = [];
  const expect = (what: string, actual: unknown, wanted: unknown): void => {
    if (actual !== wanted) faults.push(`${what}: ${String(actual)}, not ${String(wanted)}`);
  };
  faults.push(...(await conflicts.faults(api)));
  const before = await wholeLog(api);
  faults.push(...logIsSound(before));
  const products = before.filter(({ type }) => type === 'ProductRegistered').length;
  expect('products registered', products, rows + conflicts.products.length);

  // A blocked key would show as a row that is refused or reviewed, a lost event as a change.
  const again = await api.importEnded(await api.importFile('products', list));
  const counts = again.body['rows'] as Record<string, number>;
  expect('state of the second run', again.body['state'], 'completed');
  expect('rows of the second run', counts['total'], rows);
  expect('rows without a change in the second run', counts['unchanged'], rows);
  const after = await wholeLog(api);
  const touched = after
    .slice(before.length)
    .filter(({ stream }) => /^(product|manufacturer|key)-/.test(stream));
  expect('events of the second run on products, manufacturers and keys', touched.length, 0);

  await caughtUp(api);
  const live = await tableHashes(databaseUrl, catalog);
  await rebuild(api, databaseUrl, 'product-catalog');
  const rebuilt = await tableHashes(databaseUrl, catalog);
  expect('the rebuilt tables', JSON.stringify(rebuilt), JSON.stringify(live));
  const parked = await api.persist('/v1/parked');
  expect('parked events', (parked.body['items'] as unknown[]).length, 0);
  return faults;
};
