import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '#embedded/postgres.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import { productCatalog } from '#projections/product-catalog/product-catalog.projection.js';
import { migrate } from '#read-store/migrate.js';
import { startNode } from '#test/support/parts.js';

import { catchUpMs } from './catch-up.js';
import { rate, type Row, rssMiB } from './report.js';
import { benchLogger } from './stores.js';
import { appendProducts, appendStreams, eventsPerProduct } from './synthetic-log.js';

/** Catch-up of the catalog against bare reading, at growing sizes of the log; the node with many streams. */
export const benchGrowth = async (
  dist: string,
  sizes: readonly number[],
  streams: number,
): Promise<Row[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-growth-'));
  const server = await startPostgres({ dataDir, explicit: false });
  const logDatabaseUrl = await server.ensureDatabase({
    name: 'voltrace_log',
    role: 'voltrace_log',
  });
  const databaseUrl = await server.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
  const node = await startNode({ dist, dataDir, logDatabaseUrl });
  const log = EsdbEventLog.connect(node.url);
  const rows: Row[] = [];
  try {
    await migrate(databaseUrl, { logger: benchLogger });
    const costs: number[] = [];
    let events = 0;
    for (const size of sizes) {
      await appendProducts(log, Math.round((size - events) / eventsPerProduct));
      events = size;
      const bare = await readingRate(log);
      const ms = await catchUpMs({ databaseUrl, log }, productCatalog);
      const projected = (size / ms) * 1_000;
      costs.push(1_000_000 / projected);
      rows.push({
        path: `projection, ${size.toLocaleString('en')} events`,
        measured: `${projected.toFixed(0)} events/s`,
        peer: `${bare.toFixed(0)} events/s read`,
        ratio: projected / bare,
        target: '>= 0.5',
        met: projected / bare >= 0.5,
      });
    }
    const [first = 1, last = 1] = [costs[0], costs.at(-1)];
    rows.push({
      path: `rebuild cost per event, ${String(sizes[0])} to ${String(sizes.at(-1))} events`,
      measured: `${first.toFixed(1)} to ${last.toFixed(1)} us`,
      ratio: last / first,
      target: '<= 1.2',
      met: last / first <= 1.2,
    });
    if (streams > 0) {
      const began = performance.now();
      await appendStreams(log, streams);
      rows.push({
        path: `append of ${streams.toLocaleString('en')} streams`,
        measured: `${rate(streams, began).toFixed(0)} appends/s`,
        target: 'none',
        met: true,
      });
    }
    await log.close();
    const memory = await rssMiB(node.app.pid);
    await node.app.stop();
    const began = performance.now();
    const again = await startNode({ dist, dataDir, logDatabaseUrl });
    const startMs = performance.now() - began;
    const fresh = await rssMiB(again.app.pid);
    await again.app.stop();
    rows.push({
      path: `event node with ${(streams + events / eventsPerProduct).toLocaleString('en')} streams`,
      measured: `start ${startMs.toFixed(0)} ms; ${fresh.toFixed(0)} MiB after start, ${memory.toFixed(0)} MiB after the load`,
      target: 'start < 5 s, < 512 MiB',
      met: startMs < 5_000 && memory < 512,
    });
    return rows;
  } finally {
    await log.close();
    await node.app.stop();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const pageSize = 1_000;

/** The same pages that the projection reads, with nothing done to them. */
const readingRate = async (log: EsdbEventLog): Promise<number> => {
  const began = performance.now();
  let read = 0;
  let after: Position | undefined;
  for (;;) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    read += page.events.length;
    after = page.next;
    if (page.atEnd) return rate(read, began);
  }
};
