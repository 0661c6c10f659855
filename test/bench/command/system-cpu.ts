import pg from 'pg';

import type { Voltrace } from '#test/support/voltrace.js';

import { childrenOf, cpuSeconds, ownSeconds } from '../cpu.js';

/** Seconds of CPU by part: a process, or the backends of PostgreSQL that work for it. */
export type CpuByPart = ReadonlyMap<string, number>;

export const baselineName = 'baseline';
const restOfPostgres = 'Postgres: rest';

/** Whether a part follows the log: its process, or the share of PostgreSQL that works for it. */
export const isFollower = (part: string): boolean =>
  /^(Postgres: )?(projector|consumers|relay|cycler-control|mqtt-broker|leases)$/.test(part);

/** Whether a part belongs to the peer or to the bench, not to the system. */
export const isForeign = (part: string): boolean => part === 'bench' || part.endsWith(baselineName);

/** By the names that connections give themselves. */
const partOf = (applicationName: string): string => {
  const node = /^voltrace-event-node-(\w+)$/.exec(applicationName)?.[1];
  if (node !== undefined) return `Postgres: log ${node === 'writer' ? 'writer' : 'reads'}`;
  if (applicationName.endsWith(' lease')) return 'Postgres: leases';
  const app = /^(?:voltrace|bench) ([\w-]+)$/.exec(applicationName)?.[1];
  return app === undefined ? restOfPostgres : `Postgres: ${app}`;
};

/** What every process of a system has taken, and for whom PostgreSQL took it. */
export class SystemCpu {
  private constructor(
    private readonly voltrace: Voltrace,
    private readonly client: pg.Client,
    private readonly others: Readonly<Record<string, number>>,
  ) {}

  /** `others`: processes beside the system, by name. */
  static async of(
    voltrace: Voltrace,
    databaseUrl: string,
    others: Readonly<Record<string, number>> = {},
  ): Promise<SystemCpu> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'bench',
    });
    // Where a run fails, the server is stopped before this is closed.
    client.on('error', () => undefined);
    await client.connect();
    return new SystemCpu(voltrace, client, others);
  }

  /** Answers what the parts took while `work` ran. */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; cpu: CpuByPart }> {
    const before = await this.read();
    const result = await work();
    const after = await this.read();
    const cpu = new Map<string, number>();
    const add = (part: string, seconds: number): void => {
      cpu.set(part, (cpu.get(part) ?? 0) + seconds);
    };
    for (const [pid, { part, seconds }] of after)
      add(part, seconds - (before.get(pid)?.seconds ?? 0));
    // A backend that ended is among what the server took for its children, from its first moment.
    for (const [pid, { seconds }] of before) if (!after.has(pid)) add(restOfPostgres, -seconds);
    return { result, cpu };
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  private async read(): Promise<Map<number, { part: string; seconds: number }>> {
    const taken = new Map<number, { part: string; seconds: number }>();
    const { rows } = await this.client.query<{ pid: number; name: string | null }>(
      'select pid, application_name as name from pg_stat_activity',
    );
    const names = new Map(rows.map(({ pid, name }) => [pid, name ?? '']));
    const server = this.voltrace.children().find(({ name }) => name === 'postgres')?.pid ?? NaN;
    for (const pid of childrenOf(server)) {
      taken.set(pid, { part: partOf(names.get(pid) ?? ''), seconds: ownSeconds(pid) });
    }
    taken.set(server, { part: restOfPostgres, seconds: ownSeconds(server) });
    const apps = this.voltrace.children().filter(({ name }) => name !== 'postgres');
    for (const { name, pid } of apps) taken.set(pid, { part: name, seconds: ownSeconds(pid) });
    taken.set(this.voltrace.pid, { part: 'standalone', seconds: ownSeconds(this.voltrace.pid) });
    for (const [part, pid] of Object.entries(this.others)) {
      taken.set(pid, { part, seconds: ownSeconds(pid) });
    }
    taken.set(process.pid, { part: 'bench', seconds: cpuSeconds(process.pid) });
    return taken;
  }
}

/** What some parts took together. */
export const sumOf = (cpu: CpuByPart, isCounted: (part: string) => boolean): number =>
  [...cpu].reduce((sum, [part, seconds]) => sum + (isCounted(part) ? seconds : 0), 0);
