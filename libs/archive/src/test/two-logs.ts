import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { RawEvent } from '#event-log/raw-log.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { partOf } from '../carried-events.js';

/** A log to export, an empty one to import into, and a folder between them. */
export class TwoLogs {
  readonly root = mkdtempSync(join(tmpdir(), 'voltrace-archive-'));
  readonly folder = join(this.root, 'archive');

  private constructor(
    readonly nodes: { readonly source: TestNode; readonly target: TestNode },
    readonly source: EsdbEventLog,
    readonly target: EsdbEventLog,
  ) {}

  static async start(startNode = startTestNode): Promise<TwoLogs> {
    const [source, target] = await Promise.all([startNode(), startNode()]);
    return new TwoLogs(
      { source, target },
      EsdbEventLog.connect(source.url),
      EsdbEventLog.connect(target.url),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.source.close(), this.target.close()]);
    await Promise.all([this.nodes.source.stop(), this.nodes.target.stop()]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What an archive holds of a log, as it is read from it: everything but positions, and of tombstones their stream. */
export const contentOf = async (log: EsdbEventLog) => {
  const content = { events: [] as object[], metadata: [] as object[], tombstones: [] as object[] };
  for await (const event of log.readRaw()) {
    const part = partOf(event);
    if (part) content[part].push(part === 'tombstones' ? { stream: event.stream } : shown(event));
  }
  return content;
};

const shown = ({ position: _, data, metadata, ...event }: RawEvent): object => ({
  ...event,
  data: data.toString('latin1'),
  metadata: metadata.toString('latin1'),
});
