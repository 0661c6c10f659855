import type { ApiClient } from '#test/support/client.js';

export interface Bucket {
  readonly start: string;
  readonly end: string;
  readonly coverage: number | null;
  readonly [fn: string]: unknown;
}

/** One series of an answer by buckets, with how it was read. */
export interface Bucketed {
  readonly series: string;
  readonly interpolation: string;
  readonly unit: string | null;
  readonly resolution: readonly string[];
  readonly timeZone: string;
  readonly resets?: number;
  readonly badReadings?: number;
  readonly buckets: readonly Bucket[];
}

export interface Gap {
  readonly from: string;
  readonly to: string;
}

export interface Sample {
  readonly series: string;
  readonly at: string;
  readonly value: unknown;
}

type Item = Readonly<Record<string, unknown>>;

/** What the API says of a device, once a position of the log is visible. */
export class DeviceReading {
  constructor(
    private readonly api: ApiClient,
    private readonly device: string,
    private readonly position: string,
  ) {}

  /** Buckets of one series; `query` names the time, the bucket and the functions. */
  async buckets(query: string, series = 'v'): Promise<Bucketed> {
    const [one] = await this.bucketsOf([series], query);
    if (!one) throw new Error(`no buckets: ${query}`);
    return one;
  }

  /** Buckets of several series in one answer. */
  async bucketsOf(names: readonly string[], query: string): Promise<readonly Bucketed[]> {
    const { timeZone, series } = await this.get(
      `/v1/devices/${this.device}/samples?series=${names.join(',')}&${query}`,
    );
    return (series as Omit<Bucketed, 'timeZone'>[]).map((one) => ({
      ...one,
      timeZone: String(timeZone),
    }));
  }

  /** The times without a sample that are longer than the expected interval allows. */
  async gaps(from: string, to: string, series = 'v'): Promise<readonly Gap[]> {
    const query = `series=${series}&from=${from}&to=${to}`;
    const { series: all } = await this.get(`/v1/devices/${this.device}/gaps?${query}`);
    const [one] = all as { isWhole: boolean; gaps: Gap[] }[];
    if (!one?.isWhole) throw new Error(`not all gaps are named: ${query}`);
    return one.gaps.map((gap) => ({ from: gap.from, to: gap.to }));
  }

  /** Every sample that counts, by time. */
  async samples(series = 'v'): Promise<readonly Sample[]> {
    const query = `series=${series}&from=2000-01-01T00:00:00Z&to=2099-12-31T00:00:00Z`;
    const found: Sample[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: string = cursor && `&cursor=${cursor}`;
      const page = await this.get(`/v1/devices/${this.device}/samples?${query}&limit=10000${next}`);
      found.push(...(page['items'] as Sample[]));
      cursor = page['nextCursor'] as string | null;
    }
    return found;
  }

  async latest(): Promise<Sample | undefined> {
    const { items } = await this.get(`/v1/devices/${this.device}/latest?`);
    return (items as Sample[])[0];
  }

  /** Samples that came, by what became of them. */
  async counted(): Promise<Readonly<Record<'accepted' | 'duplicates' | 'conflicts', number>>> {
    const { items } = await this.get(`/v1/intake?deviceId=${this.device}&limit=1000`);
    const sum = (name: string) =>
      (items as Item[]).reduce((all, { samples }) => {
        return all + Number((samples as Item | null)?.[name] ?? 0);
      }, 0);
    return {
      ...{ accepted: sum('accepted'), duplicates: sum('duplicates'), conflicts: sum('conflicts') },
    };
  }

  /** What waits in the quarantine, by time, with what is wrong of each sample. */
  async quarantined(): Promise<{ readonly samples: number; readonly reasons: readonly string[] }> {
    const { items } = await this.get(`/v1/quarantine?deviceId=${this.device}&limit=1000`);
    const messages = (items as Item[]).toReversed();
    return {
      samples: messages.reduce((sum, { samples }) => sum + Number(samples), 0),
      reasons: messages.flatMap(({ problems }) =>
        (problems as { reason: string }[]).map(({ reason }) => reason),
      ),
    };
  }

  private async get(path: string): Promise<Item> {
    const reply = await this.api.persist(`${path}&after=${this.position}`);
    if (reply.status === 200) return reply.body;
    throw new Error(`${path} answered ${String(reply.status)}: ${reply.text}`);
  }
}
