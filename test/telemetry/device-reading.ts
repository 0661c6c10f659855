import type { ApiClient } from '#test/support/client.js';

export interface Bucket {
  readonly start: string;
  readonly end: string;
  readonly coverage: number | null;
  readonly [fn: string]: unknown;
}

/** One series of an answer by buckets, with how it was read. */
export interface Bucketed {
  readonly interpolation: string;
  readonly unit: string | null;
  readonly resolution: readonly string[];
  readonly timeZone: string;
  readonly resets?: number;
  readonly badReadings?: number;
  readonly buckets: readonly Bucket[];
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
    const { timeZone, series: all } = await this.get(
      `/v1/devices/${this.device}/samples?series=${series}&${query}`,
    );
    const [one] = all as Omit<Bucketed, 'timeZone'>[];
    if (!one) throw new Error(`no buckets: ${query}`);
    return { ...one, timeZone: String(timeZone) };
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
