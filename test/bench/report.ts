/** One line of the bench: what was measured, against what, and the target. */
export interface Row {
  readonly path: string;
  readonly measured: string;
  readonly peer?: string;
  readonly ratio?: number;
  readonly target: string;
  readonly met: boolean;
}

export const printRows = (rows: readonly Row[]): void => {
  console.log('\n| path | measured | peer in the same run | ratio | target | met |');
  console.log('|---|---|---|---|---|---|');
  for (const { path, measured, peer = '', ratio, target, met } of rows) {
    const shown = ratio === undefined ? '' : ratio.toFixed(2);
    console.log(
      `| ${path} | ${measured} | ${peer} | ${shown} | ${target} | ${met ? 'yes' : 'NO'} |`,
    );
  }
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, upper] = [Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2)];
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2;
};

export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

export const rate = (count: number, sinceMs: number): number =>
  count / ((performance.now() - sinceMs) / 1000);

/** Resident memory of a process in MiB (Linux). */
export const rssMiB = async (pid: number): Promise<number> => {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
};
