import { Readable } from 'node:stream';

import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';

import { parquetPieces, type TableRow } from './table-export.js';

const columns = { at: 'TIMESTAMP', count: 'INT64', value: 'DOUBLE', name: 'STRING' } as const;

const fileOf = async (rows: readonly TableRow[]): Promise<ArrayBuffer> => {
  const pieces: Buffer[] = [];
  const some = Readable.from(rows) as AsyncIterable<TableRow>;
  for await (const piece of parquetPieces(some, columns, { zone: 'UTC' })) pieces.push(piece);
  const { buffer, byteOffset, byteLength } = Buffer.concat(pieces);
  return buffer.slice(byteOffset, byteOffset + byteLength);
};

describe('a Parquet file in pieces', () => {
  it('reads back as its rows, in groups', async () => {
    const rows = Array.from({ length: 45_000 }, (_, at) => ({
      ...{ at: new Date(1_777_000_000_000 + at), count: at, value: at / 3, name: `row ${at}` },
    }));
    const file = await fileOf(rows);
    const read = await parquetReadObjects({ file });
    expect(read).toHaveLength(rows.length);
    for (const at of [0, 19_999, 20_000, 44_999]) {
      expect(read[at]).toEqual({ ...rows[at], count: BigInt(at) });
    }
    const { row_groups: groups, key_value_metadata: metadata } = parquetMetadata(file);
    expect(groups).toHaveLength(3);
    expect(metadata).toEqual([{ key: 'zone', value: 'UTC' }]);
  });

  it('is one without rows too, and has cells that are empty', async () => {
    expect(await parquetReadObjects({ file: await fileOf([]) })).toEqual([]);
    const file = await fileOf([{ value: 1 }]);
    expect(await parquetReadObjects({ file })).toEqual([
      { at: null, count: null, value: 1, name: null },
    ]);
  });
});
