/** Bits of the dots of a braille character: two columns of four, the first row at the top. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const blankBraille = 0x2800;

export interface Size {
  /** In characters. */
  readonly width: number;
  readonly height: number;
  /** From the lowest value and not from 0. */
  readonly isFitted?: boolean;
}

type Values = readonly (number | null)[];

const extentOf = (values: Values, isFitted = false): { low: number; high: number } => {
  const found = values.filter((value) => value !== null);
  const low = Math.min(...found, ...(isFitted ? [] : [0]));
  return { low, high: Math.max(...found, low) };
};

/**
 * The values as lines of braille characters, two values wide and four rows of dots high each, with the
 * highest and the lowest value beside them. Neighbours are joined; where a value is missing there is a gap.
 */
export const braillePlot = (values: Values, { width, height, isFitted }: Size): string[] => {
  const { low, high } = extentOf(values, isFitted);
  const [columns, rows] = [width * 2, height * 4];
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(blankBraille));
  const rowOf = (value: number): number =>
    Math.round(((high - value) / (high - low || 1)) * (rows - 1));
  let before: number | undefined;
  for (let x = 0; x < columns; x += 1) {
    const value = values[Math.floor((x * values.length) / columns)] ?? null;
    const row = value === null ? undefined : rowOf(value);
    if (row !== undefined) {
      const from = before ?? row;
      for (let y = Math.min(from, row); y <= Math.max(from, row); y += 1) dot(cells, x, y);
    }
    before = row;
  }
  const lines = cells.map((line) => String.fromCodePoint(...line));
  const labels = lines.map((_, at) =>
    at === 0 ? short(high) : at === height - 1 ? short(low) : '',
  );
  const wide = Math.max(...labels.map(({ length }) => length));
  return lines.map((line, at) => `${(labels[at] ?? '').padStart(wide)} ${line}`);
};

const dot = (cells: number[][], x: number, y: number): void => {
  const line = cells[y >> 2];
  const bit = dots[y & 3]?.[x & 1];
  if (line && bit !== undefined) line[x >> 1] = (line[x >> 1] ?? blankBraille) | bit;
};

const short = (value: number): string => String(Number(value.toPrecision(4)));
