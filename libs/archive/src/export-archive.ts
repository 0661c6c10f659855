import { randomUUID } from 'node:crypto';

import { FolderInUse, FolderLock } from '#embedded/folder-lock.js';
import type { Position } from '#event-log/event-log.js';
import { importBegan, lastImport, LogIncomplete } from '#event-log/import-mark.js';
import { isAfter } from '#event-log/position.js';
import type { RawEvent, RawLog } from '#event-log/raw-log.js';
import { wallNow } from '#kernel/wall-clock.js';
import { version } from '#observability/version.js';
import type { ReadStore } from '#read-store/read-store.js';

import { exportFiles } from './archived-files.js';
import { partOf } from './carried-events.js';
import { ChunkLines } from './chunk.js';
import { ArchiveRefused } from './damaged.js';
import { eventToLine } from './event-line.js';
import { type EndEntry, Manifest } from './manifest.js';
import { exportSubscriptions } from './subscription-rows.js';

/** What lies beside the event log. */
export interface Beside {
  readonly dataDir: string;
  readonly store: ReadStore;
}

export interface ExportRequest {
  readonly log: RawLog;
  /** Of the archive; made where it is not there. */
  readonly folder: string;
  /** Go on with an export that was finished, with what came since. */
  readonly fromFormer?: boolean;
  /** Absent: the event log alone. */
  readonly beside?: Beside | undefined;
  /** Events of the archive so far. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Brings an archive up to the event log as it is at the call: events, files and what PostgreSQL keeps of parked events. Killed at any
 * moment, it goes on where it was when it is called again. The counts of the archive.
 *
 * Throws `ArchiveRefused`, `ArchiveDamaged`, and what the log throws.
 */
export const exportArchive = async (request: ExportRequest): Promise<EndEntry> => {
  const lock = await lockOf(request.folder);
  try {
    return await exportLocked(request);
  } finally {
    lock.release();
  }
};

const exportLocked = async ({
  log,
  folder,
  fromFormer = false,
  beside,
  onProgress,
}: ExportRequest): Promise<EndEntry> => {
  const manifest = await Manifest.read(folder);
  requireWay(manifest, folder, fromFormer);
  if ((await lastImport(log))?.type === importBegan) throw new LogIncomplete();
  const after = await requireSameLog(manifest, log);
  const head = await log.head();
  if (manifest.entries.length === 0) {
    const begunAt = new Date(wallNow()).toISOString();
    await manifest.append({ kind: 'archive', format: 1, id: randomUUID(), begunAt, version });
  }
  if (head && isAfter(head, after))
    await exportEvents({ log, folder, onProgress }, manifest, after, head);
  let subscriptions = 0;
  if (beside) {
    // After the events: each file was kept before the event that names it.
    await exportFiles(folder, manifest, beside.dataDir);
    subscriptions = await exportSubscriptions(folder, manifest, beside.store);
  }
  const end: EndEntry = {
    kind: 'end',
    at: new Date(wallNow()).toISOString(),
    ...totals(manifest),
    files: manifest.of('file').length,
    subscriptions,
    isWhole: beside !== undefined,
  };
  await manifest.append(end);
  return end;
};

const lockOf = async (folder: string): Promise<FolderLock> => {
  try {
    return await FolderLock.take(folder);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new ArchiveRefused(`process ${String(error.pid)} exports to ${folder} already`);
  }
};

const requireWay = (manifest: Manifest, folder: string, fromFormer: boolean): void => {
  const isFinished = manifest.entries.at(-1)?.kind === 'end';
  if (isFinished && !fromFormer) {
    throw new ArchiveRefused(
      `${folder} holds an export that was finished: name another folder, or add what came since with --from-former`,
    );
  }
  if (fromFormer && manifest.entries.length === 0)
    throw new ArchiveRefused(`${folder} holds no former export to go on with`);
};

/** Where the last event of the archive lies. */
const requireSameLog = async (manifest: Manifest, log: RawLog): Promise<Position | undefined> => {
  const last = manifest.of('events').at(-1);
  if (!last) return undefined;
  const [commit = '', prepare = ''] = last.last.split('/');
  const position = { commit: BigInt(commit), prepare: BigInt(prepare) };
  if ((await log.idAt(position)) === last.lastId) return position;
  throw new ArchiveRefused(
    `this is not the event log that was exported before: it does not hold event ${last.lastId} at position ${last.last}`,
  );
};

/** Chunk by chunk, from behind `after` to `head`. */
const exportEvents = async (
  { log, folder, onProgress }: Pick<ExportRequest, 'log' | 'folder' | 'onProgress'>,
  manifest: Manifest,
  after: Position | undefined,
  head: Position,
): Promise<void> => {
  const lines = new ChunkLines();
  let chunk = emptyChunk();
  let last: RawEvent | undefined;
  const write = async (): Promise<void> => {
    if (!last || lines.isEmpty) return;
    const number = String(manifest.of('events').length + 1).padStart(8, '0');
    const file = await lines.write(folder, `events/${number}.ndjson.gz`);
    const { commit, prepare } = last.position;
    const place = { last: `${String(commit)}/${String(prepare)}`, lastId: last.id };
    await manifest.append({ kind: 'events', ...file, ...chunk, ...place });
    chunk = emptyChunk();
    onProgress?.(totals(manifest).counts.events);
  };
  for await (const event of log.readRaw(after)) {
    if (isAfter(event.position, head)) break;
    const part = partOf(event);
    if (!part) continue;
    last = event;
    lines.add(eventToLine(event));
    chunk.counts[part] += 1;
    if (part === 'events' && event.revision === 0n) chunk.streams += 1;
    if (lines.isFull) await write();
  }
  await write();
};

const emptyChunk = () => ({ counts: { events: 0, metadata: 0, tombstones: 0 }, streams: 0 });

const totals = (manifest: Manifest): Pick<EndEntry, 'counts' | 'streams'> => {
  const sum = emptyChunk();
  for (const { counts, streams } of manifest.of('events')) {
    sum.counts.events += counts.events;
    sum.counts.metadata += counts.metadata;
    sum.counts.tombstones += counts.tombstones;
    sum.streams += streams;
  }
  return sum;
};
