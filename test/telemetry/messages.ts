import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A row as JSON text: values stay as the file has them, whatever a program would make of their digits. */
export interface WrittenRow {
  readonly t: string;
  readonly values: string;
}

/** Rows of a CSV file, without its empty cells, or of an NDJSON file. */
export const rowsOf = (
  file: string,
  { series, time = 'time' }: { readonly series?: string; readonly time?: string },
): readonly WrittenRow[] => {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (!file.endsWith('.csv')) return lines.map((line) => ofJson(line, series));
  const titles = (lines[0] ?? '').split(',');
  const at = titles.indexOf(time);
  return lines.slice(1).map((line) => {
    const cells = line.split(',');
    const values = titles.flatMap((title, column) =>
      column === at || cells[column] === ''
        ? []
        : [`${JSON.stringify(series ?? title)}:${String(cells[column])}`],
    );
    return { t: JSON.stringify(cells[at]), values: `{${values.join(',')}}` };
  });
};

const ofJson = (line: string, series: string | undefined): WrittenRow => {
  const [, t, name, value] =
    /^\{\s*"t":\s*("[^"]*"|\d+),\s*"(values?)":\s*(.*)\}\s*$/.exec(line) ?? [];
  if (t === undefined || value === undefined) throw new Error(`no row: ${line}`);
  if (name === 'values') return { t, values: value };
  return { t, values: `{${JSON.stringify(series)}:${value}}` };
};

/** Numbered messages of one session that hold so many rows each. */
export const messagesOf = (
  device: string,
  rows: readonly WrittenRow[],
  perMessage: number,
): readonly string[] => {
  const session = randomUUID();
  const messages: string[] = [];
  const size = Math.min(perMessage, rows.length);
  for (let from = 0; from < rows.length; from += size) {
    const some = rows
      .slice(from, from + size)
      .map(({ t, values }) => `{"t":${t},"values":${values}}`);
    const head = { v: 1, id: device, session, seq: messages.length + 1 };
    const sentAt = new Date().toISOString();
    const start = JSON.stringify({ ...head, sentAt }).slice(0, -1);
    messages.push(`${start},"body":{"rows":[${some.join(',')}]}}`);
  }
  return messages;
};
