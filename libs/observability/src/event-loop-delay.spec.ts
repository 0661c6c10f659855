import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Metrics } from './metrics.js';

const lagsOf = async (metrics: Metrics): Promise<ReadonlyMap<string, number>> => {
  const { body } = await metrics.render();
  const lines = body.matchAll(/^nodejs_eventloop_lag_?(\w*)_?seconds (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]));
};

const block = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('the delay of the event loop', () => {
  it('is what a blocked loop is late by, since the metrics were read last', async () => {
    const metrics = new Metrics();
    await sleep(250);
    block(600);
    await sleep(250);
    const blocked = await lagsOf(metrics);
    expect([...blocked.keys()].sort()).toEqual(
      ['', 'max_', 'mean_', 'min_', 'p50_', 'p90_', 'p99_', 'stddev_'].sort(),
    );
    expect(blocked.get('max_')).toBeGreaterThan(0.45);
    expect(blocked.get('max_')).toBeLessThan(2);
    expect(blocked.get('min_')).toBeLessThan(0.4);
    const atOnce = await lagsOf(metrics);
    expect(Math.max(...atOnce.values())).toBeLessThan(0.4);
  });
});
