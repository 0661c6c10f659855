import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';

import { syncFolder } from '#embedded/files.js';

import { sha256Of } from './chunk.js';
import { ArchiveDamaged } from './damaged.js';

const name = 'manifest.ndjson';
const count = Type.Integer({ minimum: 0 });
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const position = Type.String({ pattern: '^[0-9]{1,20}/[0-9]{1,20}$' });
const inFile = { sha256: hash, bytes: count };

const archive = Type.Object({
  kind: Type.Literal('archive'),
  format: Type.Literal(1),
  id: Type.String({ minLength: 1, maxLength: 100 }),
  begunAt: Type.String(),
  version: Type.String(),
});
const events = Type.Object({
  kind: Type.Literal('events'),
  file: Type.String({ pattern: '^events/[0-9]{8}\\.ndjson\\.gz$' }),
  ...inFile,
  /** How many of each part. */
  counts: Type.Object({ events: count, metadata: count, tombstones: count }),
  /** Streams that begin in it. */
  streams: count,
  /** Of the last event: an export goes on behind it, in a log that has this event there. */
  last: position,
  lastId: Type.String(),
});
const file = Type.Object({
  kind: Type.Literal('file'),
  file: Type.String({ pattern: '^files/(imports|cycler-files)/[0-9a-f]{64}\\.[a-z0-9]{1,8}$' }),
  ...inFile,
});
const subscriptions = Type.Object({
  kind: Type.Literal('subscriptions'),
  file: Type.String({ pattern: '^subscriptions/[0-9]{8}\\.ndjson\\.gz$' }),
  ...inFile,
  rows: count,
});
const end = Type.Object({
  kind: Type.Literal('end'),
  at: Type.String(),
  /** Of the whole archive up to here. */
  counts: Type.Object({ events: count, metadata: count, tombstones: count }),
  streams: count,
  files: count,
  /** Chunks of subscriptions that this export wrote: the last ones. */
  subscriptions: count,
  /** False: of the event log alone, without files and what PostgreSQL keeps. */
  isWhole: Type.Boolean(),
});

export type ArchiveEntry = Static<typeof archive>;
export type EventsEntry = Static<typeof events>;
export type FileEntry = Static<typeof file>;
export type SubscriptionsEntry = Static<typeof subscriptions>;
export type EndEntry = Static<typeof end>;
export type Entry = ArchiveEntry | EventsEntry | FileEntry | SubscriptionsEntry | EndEntry;

/** What an export that was finished holds, with those before it. */
export interface Finished {
  readonly entries: readonly Entry[];
  readonly end: EndEntry;
  /** Of the end, which vouches for all before it. */
  readonly hash: string;
}

const schemas = [archive, events, file, subscriptions, end] as const;

/**
 * The list of what an archive holds: a line for each entry, appended when what it names is on the disk. Each line holds the
 * hash of the one before, so that the last one vouches for all.
 */
export class Manifest {
  private constructor(
    private readonly folder: string,
    readonly entries: Entry[],
    /** Of each entry. */
    private readonly hashes: string[],
    /** Bytes of whole lines: what is behind was being written when an export was killed. */
    private bytes: number,
  ) {}

  /** Of the folder; without entries where none was begun there. Throws `ArchiveDamaged`. */
  static async read(folder: string): Promise<Manifest> {
    const content = await readFile(join(folder, name), 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    const entries: Entry[] = [];
    const hashes: string[] = [];
    for (const [index, line] of whole.split('\n').slice(0, -1).entries()) {
      const where = `${name}, line ${String(index + 1)}`;
      entries.push(entryIn(line, where, hashes.at(-1) ?? null));
      hashes.push(sha256Of(line));
    }
    if (entries.length > 0 && entries[0]?.kind !== 'archive')
      throw new ArchiveDamaged(`${name}, line 1`, 'an archive does not begin so');
    return new Manifest(folder, entries, hashes, Buffer.byteLength(whole));
  }

  get archive(): ArchiveEntry | undefined {
    return this.of('archive')[0];
  }

  of<K extends Entry['kind']>(kind: K): readonly Extract<Entry, { kind: K }>[] {
    return this.entries.filter(
      (entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind,
    );
  }

  /** The archive as the last export that was finished left it; undefined where none was. */
  finished(): Finished | undefined {
    const index = this.entries.findLastIndex(({ kind }) => kind === 'end');
    const [end, hash] = [this.entries[index], this.hashes[index]];
    if (end?.kind !== 'end' || hash === undefined) return undefined;
    return { entries: this.entries.slice(0, index + 1), end, hash };
  }

  /** On the disk when this resolves. What a killed export left half written is cut off. */
  async append(entry: Entry): Promise<void> {
    const line = JSON.stringify({ previous: this.hashes.at(-1) ?? null, ...entry });
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const to = await open(join(this.folder, name), this.bytes === 0 ? 'w' : 'r+', 0o600);
    try {
      await to.truncate(this.bytes);
      await to.write(`${line}\n`, this.bytes);
      await to.sync();
    } finally {
      await to.close();
    }
    if (this.bytes === 0) syncFolder(this.folder);
    this.bytes += Buffer.byteLength(line) + 1;
    this.hashes.push(sha256Of(line));
    this.entries.push(entry);
  }
}

const entryIn = (line: string, where: string, expected: string | null): Entry => {
  const { previous, ...entry } = jsonIn(line, where);
  if (previous !== expected) {
    throw new ArchiveDamaged(
      where,
      'it does not follow the line before: one was changed, or is missing',
    );
  }
  for (const schema of schemas) if (Check(schema, entry)) return entry;
  throw new ArchiveDamaged(where, 'this version does not know such an entry');
};

const jsonIn = (line: string, where: string): Readonly<Record<string, unknown>> => {
  try {
    return { ...(JSON.parse(line) as object) };
  } catch {
    throw new ArchiveDamaged(where, 'it is no JSON');
  }
};
