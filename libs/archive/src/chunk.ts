import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import { syncFolder } from '#embedded/files.js';

import { ArchiveDamaged } from './damaged.js';

/** A file of the archive as its manifest names it. */
export interface ArchivedFile {
  /** From the archive's folder, with `/`. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A chunk ends with the line that brings it to one of these. */
const chunkLines = 5_000;
const chunkChars = 4 * 1024 * 1024;
/** No chunk that was written here is larger: a file that unpacks to more was made by somebody else. */
const chunkBytes = 128 * 1024 * 1024;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Gathers lines until they are enough for a chunk. */
export class ChunkLines {
  private lines: string[] = [];
  private chars = 0;

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  get isFull(): boolean {
    return this.lines.length >= chunkLines || this.chars >= chunkChars;
  }

  add(line: string): void {
    this.lines.push(line);
    this.chars += line.length;
  }

  /** Writes them to a file of the archive, on the disk when this resolves, and begins anew. */
  async write(folder: string, file: string): Promise<ArchivedFile> {
    const packed = await pack(`${this.lines.join('\n')}\n`);
    this.lines = [];
    this.chars = 0;
    await writeDurably(join(folder, file), async (to) => {
      await to.writeFile(packed);
    });
    return { file, sha256: sha256Of(packed), bytes: packed.length };
  }
}

/** The lines of a chunk whose content is what the manifest says. Throws `ArchiveDamaged`. */
export const readChunk = async (
  folder: string,
  { file, sha256, bytes }: ArchivedFile,
): Promise<readonly string[]> => {
  const path = join(folder, file);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new ArchiveDamaged(file, 'it is missing');
  if (found.size !== bytes) {
    throw new ArchiveDamaged(
      file,
      `it has ${String(found.size)} bytes, and had ${String(bytes)} when it was written`,
    );
  }
  const packed = await readFile(path);
  if (sha256Of(packed) !== sha256)
    throw new ArchiveDamaged(file, 'its content is not what was written (SHA-256)');
  try {
    const text = (await unpack(packed, { maxOutputLength: chunkBytes })).toString('utf8');
    return text.split('\n').slice(0, -1);
  } catch (error) {
    throw new ArchiveDamaged(file, `it cannot be unpacked: ${(error as Error).message}`);
  }
};

/** Calls `read` for each line of a chunk; what it throws names the line. */
export const eachLine = async <T>(
  folder: string,
  chunk: ArchivedFile,
  read: (line: string) => T,
): Promise<readonly T[]> =>
  (await readChunk(folder, chunk)).map((line, index) => {
    try {
      return read(line);
    } catch (error) {
      throw new ArchiveDamaged(
        `${chunk.file}, line ${String(index + 1)}`,
        (error as Error).message,
      );
    }
  });

/** Under another name until it is whole; on the disk when this resolves. */
export const writeDurably = async (
  path: string,
  write: (to: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  const to = await open(temporary, 'w', 0o600);
  try {
    await write(to);
    await to.sync();
  } finally {
    await to.close();
  }
  await rename(temporary, path);
  syncFolder(dirname(path));
};

export const sha256Of = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');
