import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { quantile } from '../report.js';
import { connections, headersOf, type LoadResult, type Target } from './steady-load.js';

/**
 * Sends `requests` at an even pace over 64 connections, whatever the answers take. A latency counts
 * from the moment when its request was due: what waits for a free connection waits as its user would.
 */
export const runPacedLoad = async (
  target: Target,
  perSecond: number,
  requests: number,
): Promise<LoadResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
  const began = performance.now();
  const latencies: Promise<number>[] = [];
  while (latencies.length < requests) {
    const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
    while (latencies.length < Math.min(due, requests)) {
      const dueAt = began + (latencies.length / perSecond) * 1_000;
      latencies.push(send(target, agent).then(() => performance.now() - dueAt));
    }
    await sleep(1);
  }
  const all = await Promise.all(latencies);
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  return { requests, perSecond: requests / seconds, p99Ms: quantile(all, 0.99) };
};

const send = (target: Target, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const { path, method, body } = target.next();
    const url = target.base + path;
    const headers = {
      ...headersOf(target),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request(url, { agent, method, headers }, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.once('end', () => {
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`${method} ${url} answered ${String(statusCode)}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
