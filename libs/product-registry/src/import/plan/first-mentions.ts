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
    const hash = createHash('sha256').update(key).digest();
    const high = hash.readUInt32LE(0);
    const low = hash.readUInt32LE(4);
    const said = createHash('sha256').update(content).digest().readUInt32LE(0);
    let slot = hash.readUInt32LE(8) & this.mask;
    for (;;) {
      const at = slot * 4;
      const first = this.slots[at + 2] ?? 0;
      if (first === 0) {
        this.slots.set([high, low, row, said], at);
        return undefined;
      }
      if (this.slots[at] === high && this.slots[at + 1] === low) {
        return { row: first, isSame: this.slots[at + 3] === said };
      }
      slot = (slot + 1) & this.mask;
    }
  }
}
