/** What a check found. Everything besides `status` is shown to whoever asks, so it holds no secret. */
export interface CheckResult {
  readonly status: 'up' | 'down';
  readonly [detail: string]: unknown;
}

export interface HealthReport {
  readonly status: 'up' | 'down';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export type Check = () => CheckResult | Promise<CheckResult>;

const checkTimeoutMs = 2_000;

/** The named checks of this process. Ready means that every one of them is up. */
export class HealthRegistry {
  private readonly checks = new Map<string, Check>();
  private latest: { readonly report: Promise<HealthReport>; at: number } | undefined;

  /** A report is as old at most, in milliseconds: whoever asks more often costs the stores nothing. */
  constructor(private readonly maxAgeMs = 1_000) {}

  /** Returns the way to take the check out again. */
  register(name: string, check: Check): () => void {
    if (this.checks.has(name)) throw new Error(`there is a health check named ${name} already`);
    this.checks.set(name, check);
    this.latest = undefined;
    return () => {
      this.checks.delete(name);
      this.latest = undefined;
    };
  }

  /** What the checks found lately, each given 2 s at most. Never throws. */
  report(): Promise<HealthReport> {
    const now = performance.now();
    if (!this.latest || now - this.latest.at >= this.maxAgeMs) {
      // Counted from the end: while the checks run, everybody waits for the same ones.
      const latest = { report: this.runChecks(), at: Number.POSITIVE_INFINITY };
      this.latest = latest;
      void latest.report.then(() => (latest.at = performance.now()));
    }
    return this.latest.report;
  }

  private async runChecks(): Promise<HealthReport> {
    const names = [...this.checks];
    const results = await Promise.all(
      names.map(async ([name, check]) => [name, await outcomeOf(check)] as const),
    );
    const up = results.every(([, { status }]) => status === 'up');
    return { status: up ? 'up' : 'down', checks: Object.fromEntries(results) };
  }
}

const outcomeOf = async (check: Check): Promise<CheckResult> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => {
      resolve({ status: 'down', reason: `no answer within ${String(checkTimeoutMs)} ms` });
    }, checkTimeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return { status: 'down', reason: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
};

/** The class or code of an error: its text might hold an address or a statement. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'failed';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

export interface Progress {
  readonly connected: boolean;
  readonly lastProgressAt: Date | undefined;
  /** For how long what it follows has not answered, in milliseconds. */
  readonly unansweredMs?: number;
  /** Why it does not move, where that is known and will not pass by itself. */
  readonly failure?: string | undefined;
}

/** An answer may take as long on a busy machine, and while a cluster chooses another leader. */
const maxUnansweredMs = 3_000;

/**
 * Health of something that must move: up while it made progress (or knew that there was nothing to
 * do) within `maxSilenceMs` and is not without an answer for three seconds. Being connected alone is
 * not health.
 */
export const progressHealth = (
  { connected, lastProgressAt, unansweredMs = 0, failure }: Progress,
  now: Date,
  maxSilenceMs = 15_000,
): CheckResult => {
  const reason = failure ?? (unansweredMs > maxUnansweredMs ? 'no answer' : undefined);
  const silentMs = lastProgressAt ? now.getTime() - lastProgressAt.getTime() : undefined;
  const moving = reason === undefined && silentMs !== undefined && silentMs <= maxSilenceMs;
  return {
    status: moving ? 'up' : 'down',
    connected,
    ...(reason !== undefined && { reason }),
    lastProgressAt: lastProgressAt?.toISOString() ?? null,
  };
};
