/** Milliseconds of CPU by part, of one request. */
export interface CpuColumn {
  readonly title: string;
  readonly ms: ReadonlyMap<string, number>;
}

/** Less is not shown. */
const leastMs = 0.0005;
const order = ['api', 'event-node', 'projector', 'consumers'];

/** Prints what each part takes for a request, a column for each path. The load itself is beside the sum. */
export const printCpu = (heading: string, columns: readonly CpuColumn[]): void => {
  if (columns.length === 0) return;
  const counted = (part: string): boolean => part !== 'bench';
  const parts = [...new Set(columns.flatMap(({ ms }) => [...ms.keys()]))]
    .filter((part) => columns.some(({ ms }) => (ms.get(part) ?? 0) >= leastMs))
    .sort((a, b) => rankOf(a) - rankOf(b) || a.localeCompare(b));
  const all = columns.map(({ ms }) =>
    [...ms].reduce((sum, [part, taken]) => sum + (counted(part) ? taken : 0), 0),
  );
  const lines = [
    [heading, ...columns.map(({ title }) => title)],
    ...parts
      .filter(counted)
      .map((part) => [part, ...columns.map(({ ms }) => shown(ms.get(part) ?? 0))]),
    ['all', ...all.map(shown)],
    ...parts
      .filter((part) => !counted(part))
      .map((part) => [`(${part})`, ...columns.map(({ ms }) => shown(ms.get(part) ?? 0))]),
  ];
  const widths = columns.map((_, index) => widthOf(lines, index + 1));
  const first = widthOf(lines, 0);
  console.log('');
  for (const [index, [name = '', ...cells]] of lines.entries()) {
    const padded = cells.map((cell, column) => cell.padStart(widths[column] ?? 0));
    console.log(`| ${[name.padEnd(first), ...padded].join(' | ')} |`);
    if (index === 0) console.log(`|---|${'---:|'.repeat(columns.length)}`);
  }
};

const rankOf = (part: string): number => {
  const known = order.indexOf(part);
  if (known >= 0) return known;
  return part.startsWith('Postgres') ? order.length + 1 : order.length;
};

const widthOf = (lines: readonly (readonly string[])[], column: number): number =>
  Math.max(...lines.map((line) => line[column]?.length ?? 0));

const shown = (ms: number): string => (Math.abs(ms) < leastMs ? '' : ms.toFixed(3));
