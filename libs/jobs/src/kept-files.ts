import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isZip, sniffedBytes, sniffEncoding } from '#csv/encoding.js';
import { diskFull } from '#kernel/disk-full.js';
import { Refusal } from '#kernel/refusal.js';
import { ageMs } from '#kernel/wall-clock.js';
import type { DiskReserve } from '#observability/disk-reserve.js';

/** An upload that lies complete and synced in the spool. */
export interface SpooledFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly kind: FileKind;
}

/** What a file is by its first bytes: text, or a workbook. */
export type FileKind = 'csv' | 'xlsx';

/** Uploads that nobody writes to any more were left by a process that died. */
const leftoverAfterMs = 60 * 60 * 1_000;

/** Files that were sent: each kept as evidence under the hash of its content. */
export class KeptFiles {
  private readonly spoolFolder: string;

  constructor(
    private readonly folder: string,
    /** Largest file that is taken, in bytes. */
    private readonly maxBytes: number,
    private readonly disk: Pick<DiskReserve, 'shortage'> = { shortage: undefined },
    private readonly kinds: readonly FileKind[] = ['csv'],
  ) {
    this.spoolFolder = join(folder, 'tmp');
  }

  /** Where a file of a kind is kept, or would be. */
  pathOf(sha256: string, kind: FileKind = 'csv'): string {
    return join(this.folder, `${sha256}.${kind}`);
  }

  /** Where it is kept, whatever its kind; undefined where it is not kept here. */
  async find(sha256: string): Promise<string | undefined> {
    return (await this.found(sha256))?.path;
  }

  /**
   * Writes a body to the spool and syncs it. An upload that breaks off or is refused leaves nothing.
   *
   * Throws `Refusal`: `EMPTY_FILE`, `NOT_TEXT`, `FILE_TOO_LARGE`, `UPLOAD_ABORTED`, `DISK_FULL`,
   * `INSUFFICIENT_STORAGE`.
   */
  async spool(body: AsyncIterable<Uint8Array>): Promise<SpooledFile> {
    this.requireReserve();
    const path = join(this.spoolFolder, randomUUID());
    try {
      await mkdir(this.spoolFolder, { recursive: true, mode: 0o700 });
      return await this.write(path, body);
    } catch (error) {
      await rm(path, { force: true });
      throw isOutOfSpace(error) ? outOfSpace(error) : error;
    }
  }

  /** Moves a spooled file to its place, for good: when this resolves, it survives a power cut. */
  async keep({ path, sha256, kind }: SpooledFile): Promise<void> {
    await withRoom(async () => {
      await rename(path, this.pathOf(sha256, kind));
      await syncFolder(this.folder);
    });
  }

  async remove(sha256: string): Promise<void> {
    for (const kind of this.kinds) await rm(this.pathOf(sha256, kind), { force: true });
  }

  async discard({ path }: SpooledFile): Promise<void> {
    await rm(path, { force: true });
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.found(sha256)) !== undefined;
  }

  /** Its size; undefined where it is not kept here. */
  async bytesOf(sha256: string): Promise<number | undefined> {
    return (await this.found(sha256))?.bytes;
  }

  private async found(sha256: string): Promise<{ path: string; bytes: number } | undefined> {
    for (const kind of this.kinds) {
      const path = this.pathOf(sha256, kind);
      const file = await stat(path).catch(() => undefined);
      if (file?.isFile()) return { path, bytes: file.size };
    }
    return undefined;
  }

  /** Removes what uploads of dead processes left in the spool. */
  async removeLeftovers(): Promise<void> {
    const names = await readdir(this.spoolFolder).catch(() => []);
    for (const name of names) {
      const path = join(this.spoolFolder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && ageMs(found.mtime) > leftoverAfterMs) await rm(path, { force: true });
    }
  }

  private requireReserve(): void {
    if (this.disk.shortage) throw diskFull('files are refused');
  }

  private async write(path: string, body: AsyncIterable<Uint8Array>): Promise<SpooledFile> {
    const hash = createHash('sha256');
    const start = new Start(this.kinds);
    let bytes = 0;
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of body) {
        this.requireReserve();
        bytes += chunk.byteLength;
        if (bytes > this.maxBytes) throw tooLarge(this.maxBytes);
        start.add(chunk);
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      if (bytes === 0) throw new Refusal('EMPTY_FILE', 'unprocessable', 'the body is empty');
      start.end();
      await file.sync();
    } catch (error) {
      throw isAbort(error) ? aborted(error) : error;
    } finally {
      await file.close();
    }
    return { path, bytes, sha256: hash.digest('hex'), kind: start.kind };
  }
}

/** Tells the kind of a file by its first bytes and refuses what is neither, before the rest is read. */
class Start {
  kind: FileKind = 'csv';
  private bytes = Buffer.alloc(0);
  private isChecked = false;

  constructor(private readonly kinds: readonly FileKind[]) {}

  add(chunk: Uint8Array): void {
    if (this.isChecked) return;
    this.bytes = Buffer.concat([this.bytes, chunk.subarray(0, sniffedBytes)]);
    if (this.bytes.length >= sniffedBytes) this.end();
  }

  end(): void {
    if (this.isChecked) return;
    this.isChecked = true;
    if (this.kinds.includes('xlsx') && isZip(this.bytes)) this.kind = 'xlsx';
    else sniffEncoding(this.bytes.subarray(0, sniffedBytes));
  }
}

/** Throws `INSUFFICIENT_STORAGE` where the disk is full, else what `work` throws. */
export const withRoom = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw isOutOfSpace(error) ? outOfSpace(error) : error;
  }
};

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

const tooLarge = (maxBytes: number) =>
  new Refusal(
    'FILE_TOO_LARGE',
    'too-large',
    `the file is larger than ${String(maxBytes)} bytes, which this server takes at most`,
  );

/** The disk, or what a user may have of it. */
const isOutOfSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

const outOfSpace = (cause: unknown) =>
  new Refusal(
    'INSUFFICIENT_STORAGE',
    'insufficient-storage',
    'the disk became full while the file was stored; nothing of it was kept',
    {},
    { cause },
  );

const isAbort = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');

const aborted = (cause: unknown) =>
  new Refusal(
    'UPLOAD_ABORTED',
    'invalid',
    'the upload broke off; nothing of it was kept',
    {},
    { cause },
  );
