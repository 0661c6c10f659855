import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of a second, as Linux counts the time of processes. */
const ticks = 100;

/** Seconds of CPU that a process took, with its children that ended (Linux). */
export const ownSeconds = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticks;
  } catch {
    return 0;
  }
};

export const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${String(pid)}/task`).flatMap((task) =>
    readFileSync(`/proc/${String(pid)}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  );

/** Of a server with a process for each connection, those that ended too; of this process, not what it started. */
export const cpuSeconds = (pid: number): number => {
  if (pid !== process.pid)
    return [pid, ...childrenOf(pid)].reduce((sum, one) => sum + ownSeconds(one), 0);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What each of `processes` took while `work` ran, as text. */
export const withCpu = async <T>(
  processes: Readonly<Record<string, number>>,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpu: string }> => {
  const before = Object.values(processes).map(cpuSeconds);
  const result = await work();
  const taken = Object.entries(processes).map(
    ([name, pid], index) => `${name} ${(cpuSeconds(pid) - (before[index] ?? 0)).toFixed(1)} s`,
  );
  return { result, cpu: taken.join(', ') };
};
