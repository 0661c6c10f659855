import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

import { Gauge, type Registry } from 'prom-client';

/**
 * How often the loop is looked at. prom-client does it every 10 ms, which is most of what a process at
 * rest takes. A loop that is blocked for longer than this is seen in any case.
 */
const resolutionMs = 100;

/** By the part of the name behind `nodejs_eventloop_lag_`, as prom-client names them. */
const statistics: Readonly<Record<string, readonly [string, (of: IntervalHistogram) => number]>> = {
  min_seconds: ['The minimum delay', ({ min }) => min],
  max_seconds: ['The maximum delay', ({ max }) => max],
  mean_seconds: ['The mean delay', ({ mean }) => mean],
  p50_seconds: ['The 50th percentile of the delays', (delays) => delays.percentile(50)],
  p90_seconds: ['The 90th percentile of the delays', (delays) => delays.percentile(90)],
  p99_seconds: ['The 99th percentile of the delays', (delays) => delays.percentile(99)],
};

/** By how much timers of the process were late since the metrics were read last: instead of prom-client's. */
export const collectEventLoopDelay = (registry: Registry): void => {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const gaugeOf = (name: string, help: string, collect?: () => void): Gauge => {
    registry.removeSingleMetric(name);
    const text = `${help} of the event loop since the metrics were read last, in seconds.`;
    return new Gauge({ name, help: text, registers: [registry], ...(collect && { collect }) });
  };
  // Of all of them it is asked first, and sets the others.
  const mean = gaugeOf('nodejs_eventloop_lag_seconds', 'The mean delay', () => {
    for (const [gauge, nanoseconds] of all) gauge.set(beyondInterval(delays, nanoseconds));
    mean.set(beyondInterval(delays, (of) => of.mean));
    stddev.set(delays.count > 1 ? delays.stddev / 1e9 : 0);
    delays.reset();
  });
  const stddev = gaugeOf('nodejs_eventloop_lag_stddev_seconds', 'The standard deviation');
  const all = Object.entries(statistics).map(
    ([name, [help, of]]) => [gaugeOf(`nodejs_eventloop_lag_${name}`, help), of] as const,
  );
};

/** What was measured is the interval and the delay. */
const beyondInterval = (
  delays: IntervalHistogram,
  nanoseconds: (of: IntervalHistogram) => number,
): number =>
  delays.count === 0 ? 0 : Math.max(0, nanoseconds(delays) / 1e9 - resolutionMs / 1_000);
