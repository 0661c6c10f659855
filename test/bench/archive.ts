import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exportArchive } from '#archive/export-archive.js';
import { importArchive } from '#archive/import-archive.js';
import { Manifest } from '#archive/manifest.js';
import { startPostgres } from '#embedded/postgres.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { startNode } from '#test/support/parts.js';

import type { Row } from './report.js';
import { appendProducts, eventsPerProduct } from './synthetic-log.js';

/** A log of made-up products is exported, and imported into an empty node. The peers: reading the log, and writing it at first. */
export const benchArchive = async (dist: string, events: number): Promise<Row[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-archive-'));
  const folder = join(dataDir, 'archive');
  const server = await startPostgres({ dataDir, explicit: false });
  const open = async (name: string) => {
    const logDatabaseUrl = await server.ensureDatabase({ name, role: name });
    const node = await startNode({ dist, dataDir, logDatabaseUrl });
    return { node, log: EsdbEventLog.connect(node.url) };
  };
  const [source, target] = [await open('voltrace_log'), await open('voltrace_copy')];
  try {
    const written = await perSecond(events, () =>
      appendProducts(source.log, Math.round(events / eventsPerProduct)),
    );
    const read = await perSecond(events, async () => {
      let after;
      for (let atEnd = false; !atEnd;) {
        const page = await source.log.readAll({ limit: 500, ...(after && { after }) });
        ({ next: after, atEnd } = page);
      }
    });
    const memory = new Peak();
    const exported = await perSecond(events, () => exportArchive({ log: source.log, folder }));
    const exportMiB = memory.stop();
    const manifest = await Manifest.read(folder);
    const bytes = manifest.of('events').reduce((sum, chunk) => sum + chunk.bytes, 0);
    let appendedMs = 0;
    const began = performance.now();
    const importing = new Peak();
    const imported = await perSecond(events, () =>
      importArchive({
        log: target.log,
        folder,
        onProgress: ({ verified }) => {
          if (verified === 0) appendedMs = performance.now() - began;
        },
      }),
    );
    const importMiB = importing.stop();
    return [
      row('export', exported, read, 'read'),
      row('import, all of it verified', imported, written, 'written'),
      row('import, appends alone', (events / appendedMs) * 1_000, written, 'written'),
      {
        path: 'archive',
        measured: `${(bytes / events).toFixed(0)} bytes an event`,
        ...{ target: '', met: true },
      },
      {
        path: 'memory at most: export, import (with the bench itself)',
        measured: `${exportMiB.toFixed(0)}, ${importMiB.toFixed(0)} MiB`,
        ...{ target: '', met: true },
      },
    ];
  } finally {
    await Promise.all([source.log.close(), target.log.close()]);
    await Promise.all([source.node.app.stop(), target.node.app.stop()]);
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

/** Nobody asked for so many a second: the figures are for people. */
const row = (path: string, measured: number, peer: number, did: string): Row => ({
  path,
  measured: `${measured.toFixed(0)} events/s`,
  peer: `${peer.toFixed(0)} events/s ${did}`,
  ratio: measured / peer,
  target: '',
  met: true,
});

const perSecond = async (events: number, work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (events / (performance.now() - began)) * 1_000;
};

/** The most memory that this process was seen with. */
class Peak {
  private most = 0;
  private readonly timer = setInterval(() => {
    this.most = Math.max(this.most, process.memoryUsage.rss());
  }, 50);

  stop(): number {
    clearInterval(this.timer);
    return this.most / 1024 / 1024;
  }
}
