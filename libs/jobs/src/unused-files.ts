import { mkdir, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Refusal } from '#kernel/refusal.js';
import { ageMs, wallNow } from '#kernel/wall-clock.js';

import { type KeptFiles, type SpooledFile, withRoom } from './kept-files.js';

/** How long, and how many bytes, of files that nothing has used yet are kept. */
export interface UnusedLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export const defaultUnusedLimits: UnusedLimits = {
  maxAgeMs: 7 * 24 * 60 * 60_000,
  maxBytes: 20 * 1024 * 1024 * 1024,
};

export interface FileLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const sweepMs = 10 * 60_000;

/**
 * Files that were sent and that nothing has used yet: each has an empty file of its name in `folder` until it is used. It is
 * removed with its file when it was neither sent nor used for too long. Processes may share the folder.
 */
export class UnusedFiles {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly files: KeptFiles,
    private readonly folder: string,
    private readonly limits: UnusedLimits,
    private readonly logger: FileLogger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.sweep(), sweepMs).unref();
    void this.sweep();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Throws `UPLOADS_FULL` where so many bytes more are too many. */
  async requireRoom(bytes = 1): Promise<void> {
    let unused = 0;
    for (const sha256 of await this.names()) unused += (await this.files.bytesOf(sha256)) ?? 0;
    if (unused + bytes > this.limits.maxBytes) throw uploadsFull(unused, this.limits.maxBytes);
  }

  /** As `KeptFiles.keep`, for a file that is not used yet unless it was before. Throws `UPLOADS_FULL`. */
  async keep(spooled: SpooledFile): Promise<void> {
    const { sha256, bytes } = spooled;
    if (await this.files.has(sha256)) {
      await this.touch(sha256);
    } else {
      await this.requireRoom(bytes);
      await withRoom(async () => {
        await mkdir(this.folder, { recursive: true, mode: 0o700 });
        await writeFile(this.noteOf(sha256), '', { mode: 0o600 });
      });
    }
    await this.files.keep(spooled);
  }

  /** Lets it expire later, where it is not used yet: somebody deals with it. */
  async touch(sha256: string): Promise<void> {
    const now = wallNow() / 1_000;
    await utimes(this.noteOf(sha256), now, now).catch(ignoreMissing);
  }

  /** From now on it is kept for good. */
  async use(sha256: string): Promise<void> {
    await unlink(this.noteOf(sha256)).catch(ignoreMissing);
  }

  /** Removes those that nothing has used for too long. */
  async removeExpired(): Promise<void> {
    for (const sha256 of await this.names()) {
      const noted = await stat(this.noteOf(sha256)).catch(() => undefined);
      if (!noted || ageMs(noted.mtime) <= this.limits.maxAgeMs) continue;
      const bytes = await this.files.bytesOf(sha256);
      // Who removes the note removes the file: it may be used at this moment.
      const isMine = await unlink(this.noteOf(sha256)).then(
        () => true,
        () => false,
      );
      if (!isMine || bytes === undefined) continue;
      await this.files.remove(sha256);
      const fields = { sha256, bytes, sentAt: noted.mtime.toISOString() };
      this.logger.info(fields, 'a file that nobody imported has expired and is removed');
    }
  }

  private async sweep(): Promise<void> {
    await this.removeExpired().catch((error: unknown) => {
      this.logger.warn({ error }, 'files that nobody imported could not be removed');
    });
  }

  private noteOf(sha256: string): string {
    return join(this.folder, sha256);
  }

  private names(): Promise<readonly string[]> {
    return readdir(this.folder).catch((error: unknown) => {
      ignoreMissing(error);
      return [];
    });
  }
}

const ignoreMissing = (error: unknown): void => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
};

const uploadsFull = (unused: number, most: number) =>
  new Refusal(
    'UPLOADS_FULL',
    'insufficient-storage',
    `files that nobody has imported yet take ${String(unused)} of ${String(most)} bytes: import them, or send this one when they have expired`,
  );
