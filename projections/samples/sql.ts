/** A time as milliseconds since 1970. */
export const milliseconds = (column: string): string =>
  `(extract(epoch from ${column}) * 1000)::float8`;

/** The other way round: exact, because it is rounded to a microsecond. */
export const timeFrom = (column: string): string => `to_timestamp(${column} / 1000)`;

type Cell<T> = (row: T) => number | string | null;

/** Each column of `rows` as the text of an array, which is far quicker to make than one of values. */
export const arrays = <T>(rows: readonly T[], ...cells: readonly Cell<T>[]): string[] =>
  cells.map((cell) => `{${rows.map((row) => String(cell(row) ?? 'NULL')).join(',')}}`);
