import { createHash } from 'node:crypto';

/** Where a product was named first in a file, and whether it was said the same of it. */
export interface Mention {
  readonly row: number;
  readonly isSame: boolean;
}

/**
 * Remembers which row named each product first: 20 bytes a row, however long the names are. An
 * open-addressing table over 64 bits of a hash; `rows` is known from the first pass.
 */
export class FirstMentions {
  private readonly slots: Uint32Array;
  private readonly mask: number;

  constructor(rows: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, rows * 1.6)));
    this.slots = new Uint32Array(size * 4);
    this.mask = size - 1;
  }

  /** The earlier row that named `key`; undefined the first time, which is then remembered. */
  note(key: string, row: number, content: string): Mention | undefined {
    const hash = hashOf(key);
    const said = hashOf(content).readUInt32LE(0);
    const at = this.slotOf(hash);
    const first = this.slots[at + 2] ?? 0;
    if (first !== 0) return { row: first, isSame: this.slots[at + 3] === said };
    this.slots.set([hash.readUInt32LE(0), hash.readUInt32LE(4), row, said], at);
    return undefined;
  }

  /** The row that named `key` first; undefined where none did. */
  find(key: string): number | undefined {
    const row = this.slots[this.slotOf(hashOf(key)) + 2] ?? 0;
    return row === 0 ? undefined : row;
  }

  /** Where the hash is, or would be. */
  private slotOf(hash: Buffer): number {
    const [high, low] = [hash.readUInt32LE(0), hash.readUInt32LE(4)];
    let slot = hash.readUInt32LE(8) & this.mask;
    for (;;) {
      const at = slot * 4;
      const isFree = this.slots[at + 2] === 0;
      if (isFree || (this.slots[at] === high && this.slots[at + 1] === low)) return at;
      slot = (slot + 1) & this.mask;
    }
  }
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
