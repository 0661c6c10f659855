import autocannon from 'autocannon';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  /** Answers by status, to see what failed. */
  readonly statuses: string;
}

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Called for each request: a path and a body of its own. */
  readonly next: () => {
    readonly path: string;
    readonly body?: string;
    readonly method?: 'GET' | 'POST';
  };
}

/** Keeps `connections` requests under way for `seconds`. Answers other than 2xx count as failed. */
export const runLoad = async (load: Load): Promise<LoadResult> => {
  const result = await autocannon({
    url: load.url,
    connections: load.connections,
    duration: load.seconds,
    headers: { 'content-type': 'application/json', ...load.headers },
    requests: [
      {
        setupRequest: (request) => {
          const { path, body, method = 'POST' } = load.next();
          return { ...request, method, path, ...(body !== undefined && { body }) };
        },
      },
    ],
  });
  return {
    perSecond: result['2xx'] / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
    statuses: JSON.stringify(result.statusCodeStats),
  };
};
