import type { Readable } from 'node:stream';

import { type Entry, openPromise, type ZipFile } from 'yauzl';

import { Refusal } from '#kernel/refusal.js';

/** Parts of one workbook: sheets, pictures, settings of printers. */
const maxParts = 4_096;

export const broken = (why: string, cause?: unknown): Refusal =>
  new Refusal(
    'WORKBOOK_BROKEN',
    'unprocessable',
    `the workbook cannot be read: ${why}`,
    {},
    { cause },
  );

export const tooLarge = (what: string): Refusal =>
  new Refusal(
    'WORKBOOK_TOO_LARGE',
    'unprocessable',
    `the workbook has ${what}, which this server takes at most`,
  );

/** The parts of a zip archive by their names, which count in any case. Nothing is unpacked before it is asked for. */
export class ZipParts {
  private constructor(
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /** Throws `Refusal`: `WORKBOOK_BROKEN`, `WORKBOOK_TOO_LARGE`. */
  static async open(path: string): Promise<ZipParts> {
    const zip = await openPromise(path, { autoClose: false, lazyEntries: true }).catch(
      (error: unknown) => {
        throw asRefusal(error);
      },
    );
    try {
      if (zip.entryCount > maxParts) throw tooLarge(`more than ${String(maxParts)} parts`);
      return new ZipParts(zip, await entriesOf(zip));
    } catch (error) {
      zip.close();
      throw asRefusal(error);
    }
  }

  has(name: string): boolean {
    return this.entries.has(name.toLowerCase());
  }

  /**
   * The content of a part as it is unpacked: never more than its entry says, and that is at most `maxBytes`.
   * Throws `Refusal`: `WORKBOOK_BROKEN`, `WORKBOOK_TOO_LARGE`.
   */
  async *read(name: string, maxBytes: number): AsyncGenerator<Uint8Array> {
    const entry = this.entries.get(name.toLowerCase());
    if (!entry) throw broken(`it has no part ${name}`);
    if (entry.uncompressedSize > maxBytes) {
      throw tooLarge(`a part of more than ${String(maxBytes)} bytes (${name})`);
    }
    try {
      const stream: Readable = await this.zip.openReadStreamPromise(entry);
      yield* stream as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  close(): void {
    this.zip.close();
  }
}

const entriesOf = async (zip: ZipFile): Promise<ReadonlyMap<string, Entry>> => {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.toLowerCase();
    if (entries.has(name)) throw broken(`it has two parts named ${entry.fileName.slice(0, 100)}`);
    if (entry.isEncrypted()) throw broken('it is protected by a password');
    entries.set(name, entry);
  }
  return entries;
};

/** What yauzl says of an archive is about the file; what the disk says is not. */
const asRefusal = (error: unknown): unknown => {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const { code } = error as { readonly code?: unknown };
  const isOfDisk = typeof code === 'string' && !code.startsWith('Z_');
  return isOfDisk ? error : broken(error.message.slice(0, 200), error);
};
