import autocannon from 'autocannon';

import { quantile } from '../report.js';

/** One request of a load: a path and a body of its own. */
export interface LoadRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

export interface Target {
  /** Where the paths start: a server and a prefix of its own. */
  readonly base: string;
  readonly key: string;
  readonly next: () => LoadRequest;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
}

export const connections = 64;

/** Keeps 64 requests under way until `requests` were answered. Throws where one answer is not 2xx. */
export const runSteadyLoad = async (target: Target, requests: number): Promise<LoadResult> => {
  const latencies: number[] = [];
  const { origin, pathname } = new URL(target.base);
  const began = performance.now();
  let ended = began;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: origin,
        connections,
        amount: requests,
        timeout: 60,
        headers: headersOf(target),
        requests: [
          {
            setupRequest: (request) => {
              const { path, method, body } = target.next();
              const url = pathname + path;
              return { ...request, method, path: url, ...(body !== undefined && { body }) };
            },
          },
        ],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    instance.on('response', (_client, _status, _bytes, ms) => {
      latencies.push(ms);
      ended = performance.now();
    });
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) {
    const statuses = JSON.stringify(result.statusCodeStats);
    throw new Error(`${String(failed)} requests to ${target.base} failed: ${statuses}`);
  }
  return {
    requests: latencies.length,
    perSecond: latencies.length / ((ended - began) / 1_000),
    p99Ms: quantile(latencies, 0.99),
  };
};

export const headersOf = ({ key }: Target): Record<string, string> => ({
  'content-type': 'application/json',
  authorization: `Bearer ${key}`,
});
