/** A set of row numbers, as bits. Immutable: a change makes a new one. */
export class RowSet {
  static readonly empty = new RowSet(new Uint8Array(0), 0);

  private constructor(
    private readonly bits: Uint8Array,
    readonly size: number,
  ) {}

  has(row: number): boolean {
    return ((this.bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  with(rows: readonly number[]): RowSet {
    return this.changed(rows, true);
  }

  without(rows: readonly number[]): RowSet {
    return this.changed(rows, false);
  }

  private changed(rows: readonly number[], present: boolean): RowSet {
    const changing = rows.filter((row) => this.has(row) !== present);
    if (changing.length === 0) return this;
    const last = changing.reduce((a, b) => Math.max(a, b), 0);
    const bits = new Uint8Array(Math.max(this.bits.length, (last >> 3) + 1));
    bits.set(this.bits);
    let { size } = this;
    for (const row of changing) {
      const mask = 1 << (row & 7);
      const isThere = ((bits[row >> 3] ?? 0) & mask) !== 0;
      if (isThere === present) continue;
      bits[row >> 3] = (bits[row >> 3] ?? 0) ^ mask;
      size += present ? 1 : -1;
    }
    return new RowSet(bits, size);
  }
}
