import type { StoredEvent } from '#event-log/event-log.js';
import { importBegan, importStream, importVerified, lastImport } from '#event-log/import-mark.js';
import type { RawEvent, RawLog } from '#event-log/raw-log.js';
import { contentIdOf } from '#kernel/ids.js';
import { Lease } from '#read-store/lease.js';
import { migrate } from '#read-store/migrate.js';

import { importFiles } from './archived-files.js';
import { type Part, partOf, parts } from './carried-events.js';
import { eachLine } from './chunk.js';
import { ArchiveDamaged, ArchiveRefused } from './damaged.js';
import { lineToEvent } from './event-line.js';
import type { Beside } from './export-archive.js';
import { InOrderAppender } from './in-order-appender.js';
import { type EndEntry, type Finished, Manifest } from './manifest.js';
import { importSubscriptions } from './subscription-rows.js';

export interface ImportRequest {
  readonly log: RawLog;
  /** Of the archive. */
  readonly folder: string;
  /** Absent: the event log alone. */
  readonly beside?: Beside | undefined;
  /** Events that were compared or appended, and those that were verified. */
  readonly onProgress?: (done: { readonly events: number; readonly verified: number }) => void;
}

export interface Imported {
  readonly end: EndEntry;
  /** This archive had been imported into this log before, and nothing was done. */
  readonly wasThere: boolean;
}

/** Event by event, the archive and the target side by side: what is there must be the same, what is missing is appended. */
interface Walk {
  readonly log: RawLog;
  readonly folder: string;
  readonly finished: Finished;
  readonly done: { events: number; verified: number };
  readonly onProgress: () => void;
}

/**
 * Brings an archive into an empty event log, its files into the data folder, and what PostgreSQL kept of parked events into the
 * read store. Killed at any moment, it goes on when it is called again: until all was read back and compared, a mark in
 * the log keeps everybody else from appending to it.
 *
 * Throws `ArchiveDamaged`, `ArchiveRefused`, and what the log and the read store throw.
 */
export const importArchive = async (request: ImportRequest): Promise<Imported> => {
  if (!request.beside) return importAlone(request);
  const lease = new Lease(request.beside.store.url, undefined, 'import');
  try {
    if (await lease.acquire('archive')) return await importAlone(request);
    throw new ArchiveRefused('an import into this installation is under way already');
  } finally {
    await lease.close();
  }
};

const importAlone = async (request: ImportRequest): Promise<Imported> => {
  const { log, folder, beside, onProgress } = request;
  const manifest = await Manifest.read(folder);
  const finished = manifest.finished();
  const archive = manifest.archive?.id;
  if (!finished || archive === undefined) {
    throw new ArchiveRefused(
      `${folder} holds no export that was finished: run "voltrace events export" again`,
    );
  }
  const { end, entries, hash } = finished;
  if (beside && !end.isWhole)
    throw new ArchiveRefused(`${folder} holds the event log alone: import it with --log-only`);
  const mark = await requireTarget(log, archive);
  if (mark?.type === importVerified && mark.data['end'] === hash) return { end, wasThere: true };
  const done = { events: 0, verified: 0 };
  const walk: Walk = { log, folder, finished, done, onProgress: () => onProgress?.(done) };
  let hasBegun = mark?.type === importBegan;
  const begin = async (): Promise<void> => {
    if (!hasBegun) await markAs(importBegan, log, archive);
    hasBegun = true;
  };
  if (!mark) await begin();
  if (beside) {
    const files = entries.filter((entry) => entry.kind === 'file');
    await importFiles(folder, files, beside.dataDir);
  }
  // Each is a pass over the whole target; those that the archive has none of are counted in the first one.
  const some = parts.filter((part) => part === 'events' || end.counts[part] > 0);
  for (const part of some) await appendMissing(walk, part, begin);
  await begin();
  for (const part of some) await verify(walk, part);
  if (beside) {
    await migrate(beside.store.url);
    await importSubscriptions(folder, finished, beside.store);
  }
  await markAs(importVerified, log, archive, hash);
  return { end, wasThere: false };
};

/** What an import noted in the target. Throws where the target is not empty and not of this import. */
const requireTarget = async (log: RawLog, archive: string): Promise<StoredEvent | undefined> => {
  const mark = await lastImport(log);
  if (mark?.data['archive'] === archive) return mark;
  if (mark)
    throw new ArchiveRefused('another archive was imported into this event log: take an empty one');
  for await (const event of log.readRaw()) {
    if (!partOf(event)) continue;
    throw new ArchiveRefused(
      `this event log is not empty, and not of this import: it begins with ${event.type} of stream ${event.stream}. Take an empty one`,
    );
  }
  return undefined;
};

const markAs = async (type: string, log: RawLog, archive: string, end?: string): Promise<void> => {
  const revision = (await lastImport(log))?.revision ?? -1n;
  const id = contentIdOf('import-mark', archive, type, revision.toString());
  const data = Buffer.from(JSON.stringify({ archive, ...(end !== undefined && { end }) }));
  const event = { id, type, isJson: true, data, metadata: Buffer.from('{}') };
  await log.append(importStream, [event], revision < 0n ? 'no_stream' : revision);
};

interface Archived {
  readonly event: RawEvent;
  /** The file and the line. */
  readonly where: string;
}

/** The events of a part, in the order of the log. */
async function* archived({ folder, finished }: Walk, part: Part): AsyncGenerator<Archived> {
  for (const entry of finished.entries) {
    if (entry.kind !== 'events' || entry.counts[part] === 0) continue;
    const counts = noEvents();
    const events = await eachLine(folder, entry, (line) => {
      const event = lineToEvent(line);
      const own = partOf(event);
      if (!own) throw new Error(`no archive holds events of stream ${event.stream}`);
      counts[own] += 1;
      return { event, own };
    });
    if (parts.some((one) => counts[one] !== entry.counts[one]))
      throw new ArchiveDamaged(entry.file, 'it does not hold what the manifest counted');
    for (const [index, { event, own }] of events.entries()) {
      if (own === part) yield { event, where: `${entry.file}, line ${String(index + 1)}` };
    }
  }
}

/** The events of a part in the target, in their order; counts what it passes over of the others. */
async function* held(
  log: RawLog,
  part: Part,
  passed: Record<Part, number> = noEvents(),
): AsyncGenerator<RawEvent, undefined> {
  for await (const event of log.readRaw()) {
    const own = partOf(event);
    if (own === part) yield event;
    else if (own) passed[own] += 1;
  }
  return undefined;
}

const noEvents = (): Record<Part, number> => ({ events: 0, metadata: 0, tombstones: 0 });

const appendMissing = async (walk: Walk, part: Part, begin: () => Promise<void>): Promise<void> => {
  const { log, done } = walk;
  const target = held(log, part);
  const appender = new InOrderAppender(log);
  let isMissing = false;
  for await (const { event, where } of archived(walk, part)) {
    const found = isMissing ? undefined : (await target.next()).value;
    if (found) {
      requireSame(part, found, event, where);
      appender.saw(event);
    } else {
      if (!isMissing) await begin();
      isMissing = true;
      if (part === 'tombstones') await log.tombstone(event.stream);
      else await appender.add(event, where);
    }
    done.events += 1;
    if (done.events % 1_000 === 0) walk.onProgress();
  }
  if (!isMissing) await requireEnd(target);
  await appender.finish();
};

/** Reads all of it back: the same events in the same order, so of each stream as many and the same. */
const verify = async (walk: Walk, part: Part): Promise<void> => {
  const { log, done, finished } = walk;
  const passed = noEvents();
  const target = held(log, part, passed);
  let count = 0;
  let streams = 0;
  for await (const { event, where } of archived(walk, part)) {
    const found = (await target.next()).value;
    if (!found) throw new ArchiveRefused(`${where}: the target does not hold this event`);
    requireSame(part, found, event, where);
    count += 1;
    if (event.revision === 0n) streams += 1;
    done.verified += 1;
    if (done.verified % 1_000 === 0) walk.onProgress();
  }
  await requireEnd(target);
  const { end } = finished;
  if (parts.some((other) => passed[other] > end.counts[other])) {
    throw new ArchiveRefused(
      'the target has more metadata or tombstones than the archive: somebody else writes to it. Begin again with an empty one',
    );
  }
  if (count !== end.counts[part] || (part === 'events' && streams !== end.streams))
    throw new ArchiveDamaged(
      'manifest.ndjson',
      `its last line counts other ${part} than the chunks hold`,
    );
};

const requireEnd = async (target: AsyncGenerator<RawEvent, undefined>): Promise<void> => {
  const { value: more } = await target.next();
  if (more) throw notOfImport(more, 'the archive, which ends before it');
};

/** A tombstone is written by the store itself, with an id of its own. */
const requireSame = (part: Part, found: RawEvent, event: RawEvent, where: string): void => {
  const isSame =
    found.stream === event.stream &&
    (part === 'tombstones' ||
      (found.id === event.id &&
        found.revision === event.revision &&
        found.type === event.type &&
        found.isJson === event.isJson &&
        found.created === event.created &&
        found.data.equals(event.data) &&
        found.metadata.equals(event.metadata)));
  if (!isSame) throw notOfImport(found, `${where} (${event.type} of stream ${event.stream})`);
};

const notOfImport = ({ stream, revision, type }: RawEvent, where: string): ArchiveRefused =>
  new ArchiveRefused(
    `the target holds ${type} of stream ${stream} at ${String(revision)}, which is not in ${where}: somebody else writes to it. Begin again with an empty one`,
  );
