import { setTimeout as sleep } from 'node:timers/promises';

import { ApiClient, type Reply, type RequestOptions } from '#test/support/client.js';

/** How often a load balancer asks each address whether it is ready. */
const checkMs = 1_000;
const answerMs = 1_000;
const patienceMs = 60_000;

/** How one request ended. */
export interface Answered {
  /** Of `performance.now()`. */
  readonly at: number;
  readonly tookMs: number;
  readonly kind: 'command' | 'read';
  /** Absent where no answer came. */
  readonly status?: number;
  /** Of a refusal that is the system's, not the business's: the problem code, or what failed. */
  readonly refused?: string;
}

/** What the system refuses while it cannot do what it should; a business refusal is an answer. */
export const refusalOf = ({ status, body }: Pick<Reply, 'status' | 'body'>): string | undefined => {
  if (status < 500 && status !== 429) return undefined;
  const { code } = body;
  return typeof code === 'string' ? `${status} ${code}` : String(status);
};

/** The addresses of an API that requests may be sent to: those whose ready route answered last time. */
export class Addresses {
  private readonly known = new Map<string, boolean>();
  private turn = 0;

  constructor(private readonly isReady: (url: string) => Promise<boolean> = asksReady) {}

  /** Given no request before it was asked and is ready. */
  add(url: string): void {
    this.known.set(url, false);
  }

  remove(url: string): void {
    this.known.delete(url);
  }

  /** Asks each one, and remembers what they say. */
  async check(): Promise<void> {
    await Promise.all(
      [...this.known.keys()].map(async (url) => {
        const isReady = await this.isReady(url).catch(() => false);
        if (this.known.has(url)) this.known.set(url, isReady);
      }),
    );
  }

  /** Asks them until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.check();
      await sleep(checkMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** In turn; undefined where none is ready. */
  next(): string | undefined {
    const ready = [...this.known].flatMap(([url, isReady]) => (isReady ? [url] : []));
    this.turn += 1;
    return ready[this.turn % ready.length];
  }

  isServing(url: string): boolean {
    return this.known.get(url) === true;
  }
}

const asksReady = async (url: string): Promise<boolean> => {
  const signal = AbortSignal.timeout(answerMs);
  return (await fetch(`${url}/health/ready`, { signal })).ok;
};

/** A caller behind a load balancer: each request goes to one of the ready addresses, once. */
export class FailoverClient extends ApiClient {
  constructor(
    private readonly addresses: Addresses,
    key: string,
    private readonly onAnswer: (answered: Answered) => void,
  ) {
    super('', key);
  }

  override async send(path: string, options: RequestOptions = {}): Promise<Reply> {
    const began = performance.now();
    const kind = (options.method ?? 'GET') === 'GET' ? 'read' : 'command';
    const ended = (more: Pick<Answered, 'status' | 'refused'>): void => {
      const at = performance.now();
      this.onAnswer({ at, tookMs: at - began, kind, ...more });
    };
    try {
      const reply = await new ApiClient(await this.address(), this.key).send(path, options);
      const refused = refusalOf(reply);
      ended({ status: reply.status, ...(refused !== undefined && { refused }) });
      return reply;
    } catch (error) {
      ended({ refused: describe(error) });
      throw error;
    }
  }

  private async address(): Promise<string> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const url = this.addresses.next();
      if (url !== undefined) return url;
      if (performance.now() > until) throw new Error('no address is ready');
      await sleep(50);
    }
  }
}

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return `${error.message} ${code}`.trim();
};
