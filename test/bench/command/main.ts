import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';

import { benchImport } from '../import.js';
import type { Row } from '../report.js';
import { printCpu } from './cpu-table.js';
import { measureIdle } from './idle.js';
import { cpuColumnsOf, rowsOf } from './path-rows.js';
import { pathNames, pathsOf } from './paths.js';
import { measurePaths, type RoundOptions } from './rounds.js';
import { assertSameAnswer } from './same-answer.js';
import { copyToPeer, registerSubjects } from './subjects.js';
import { baselineName, SystemCpu } from './system-cpu.js';

export const commandRows = [...pathNames, 'import', 'idle'] as const;

export interface CommandOptions extends RoundOptions {
  readonly rows: readonly string[];
}

/**
 * Changes and reads over HTTP against the same framework on the same Postgres, in turn; what they
 * cost every process; an import; an instance at rest. A request that fails ends the run.
 */
export const benchCommand = async (dist: string, options: CommandOptions): Promise<Row[]> => {
  const unknown = options.rows.find((name) => !commandRows.some((row) => row === name));
  if (unknown !== undefined) {
    throw new Error(`--rows ${unknown}: expected ${commandRows.join(', ')}`);
  }
  const rows: Row[] = [];
  const voltrace = await startVoltrace({
    dist,
    env: { RATE_LIMIT_PER_KEY: '100000000', RATE_LIMIT_PER_ADDRESS: '100000000' },
  });
  try {
    if (options.rows.includes('idle')) rows.push(await idleRow(voltrace));
    if (pathNames.some((name) => options.rows.includes(name))) {
      rows.unshift(...(await pathRows(dist, voltrace, options)));
    }
  } finally {
    await voltrace.remove();
  }
  if (options.rows.includes('import')) rows.push(...(await benchImport(dist)));
  return rows;
};

const idleRow = async (voltrace: Voltrace): Promise<Row> => {
  const system = await SystemCpu.of(voltrace, databaseUrlOf(voltrace.dataDir));
  try {
    const { row, cpu } = await measureIdle(system);
    printCpu('CPU at rest', [cpu]);
    return row;
  } finally {
    await system.close();
  }
};

const pathRows = async (
  dist: string,
  voltrace: Voltrace,
  options: CommandOptions,
): Promise<readonly Row[]> => {
  const { api, dataDir } = voltrace;
  const databaseUrl = databaseUrlOf(dataDir);
  const baseline = new AppProcess({
    script: join(dist, 'test/bench/baseline-app.js'),
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl },
  });
  try {
    const { url = '' } = await baseline.ready;
    const system = await SystemCpu.of(voltrace, databaseUrl, { [baselineName]: baseline.pid });
    const subjects = await registerSubjects(api);
    await copyToPeer(api, databaseUrl, subjects);
    const paths = pathsOf(api, url, subjects).filter(({ name }) => options.rows.includes(name));
    for (const path of paths.filter(({ isWrite }) => !isWrite)) await assertSameAnswer(path);
    const results = await measurePaths({ voltrace, system }, paths, options);
    await system.close();
    const columns = results.map(cpuColumnsOf);
    printCpu(
      'CPU, ms per request',
      columns.map((column) => column.ours),
    );
    printCpu(
      'CPU of peers, ms per request',
      columns.flatMap((column) => column.peers),
    );
    return results.flatMap(rowsOf);
  } finally {
    await baseline.stop();
  }
};
