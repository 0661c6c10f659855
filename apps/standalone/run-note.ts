import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { isOutOfSpace, readJsonFile, writePrivateFile } from '#embedded/files.js';
import { identityOf, isRunning, type ProcessIdentity, stopProcess } from '#embedded/processes.js';

export interface PartNote extends ProcessIdentity {
  readonly port?: number;
}

/** `<data folder>/run.json` (0600): what runs, for tools beside us and for a start after a crash. */
export interface RunNote extends ProcessIdentity {
  /** Where the API listens. */
  readonly url: string;
  readonly databaseUrl?: string;
  readonly eventStoreUrl?: string;
  readonly parts: Readonly<Record<string, PartNote>>;
}

export class RunNotes {
  private readonly path: string;
  private note: RunNote;

  constructor(dataDir: string, url: string) {
    this.path = join(dataDir, 'run.json');
    this.note = { pid: process.pid, startedAt: '', ...identityOf(process.pid), url, parts: {} };
  }

  /** Stops the processes that an earlier run noted and that still run. Returns their names and ids. */
  async stopLeftovers(): Promise<string[]> {
    const parts = Object.entries(readJsonFile<RunNote>(this.path)?.parts ?? {});
    const left = parts.filter(([, part]) => isRunning(part));
    // PostgreSQL is stopped last, and by who starts it: the others still write to it.
    const own = left.filter(([name]) => name !== 'postgres');
    await Promise.all(own.map(([, part]) => stopProcess(part)));
    return own.map(([name, part]) => `${name} (process ${part.pid})`);
  }

  set(fields: Partial<Omit<RunNote, 'parts'>>): void {
    this.write({ ...this.note, ...fields });
  }

  setPart(name: string, pid: number, port?: number): void {
    const identity = identityOf(pid);
    if (!identity) return;
    const part: PartNote = { ...identity, ...(port !== undefined && { port }) };
    this.write({ ...this.note, parts: { ...this.note.parts, [name]: part } });
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  private write(note: RunNote): void {
    this.note = note;
    try {
      writePrivateFile(this.path, `${JSON.stringify(note, null, 2)}\n`);
    } catch (error) {
      // What runs must not end for want of a note; the next one holds this, too.
      if (!isOutOfSpace(error)) throw error;
    }
  }
}
