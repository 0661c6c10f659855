import { Counter, Gauge } from 'prom-client';

import type { Metrics } from '#observability/metrics.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { SubscriptionObserver } from './runner.js';
import type { SubscriptionStatus } from './status.js';
import type { Counts } from './step.js';

type PartitionLabels = 'subscription' | 'scope' | 'partition';

/** Of each subscription: counts of events by outcome, and the lag when metrics are collected. */
export class SubscriptionMetrics implements SubscriptionObserver {
  private readonly events: Counter<'subscription' | 'outcome'>;
  private readonly lagSeconds: Gauge<PartitionLabels>;
  private readonly lagRecords: Gauge<PartitionLabels>;
  private readonly parked: Gauge<'subscription'>;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    const labelNames = ['subscription', 'scope', 'partition'] as const;
    this.events = new Counter({
      name: 'voltrace_subscription_events_total',
      help: 'Events that a subscription met, by outcome (done, skipped, retry, parked).',
      labelNames: ['subscription', 'outcome'],
      registers,
    });
    this.lagSeconds = new Gauge({
      name: 'voltrace_subscription_lag_seconds',
      help: 'Age of what a subscription has not handled, by partition that this process follows; 0 at its end.',
      ...{ labelNames, registers },
    });
    this.lagRecords = new Gauge({
      name: 'voltrace_subscription_lag_records',
      help: 'Records of a Kafka partition that a subscription has not read.',
      ...{ labelNames, registers },
    });
    this.parked = new Gauge({
      name: 'voltrace_subscription_parked',
      help: 'Events that a subscription could not handle, and those that wait behind them.',
      labelNames: ['subscription'],
      registers,
    });
  }

  counted(subscription: string, { done, skipped, parked }: Counts): void {
    this.events.inc({ subscription, outcome: 'done' }, done);
    this.events.inc({ subscription, outcome: 'skipped' }, skipped);
    this.events.inc({ subscription, outcome: 'parked' }, parked);
  }

  failed(subscription: string): void {
    this.events.inc({ subscription, outcome: 'retry' });
  }

  async collect(statuses: readonly SubscriptionStatus[], { pool }: ReadStore): Promise<void> {
    // Partitions that another process follows now are not reported here.
    this.lagSeconds.reset();
    this.lagRecords.reset();
    for (const { subscription, source, partitions } of statuses) {
      for (const { scope, partition, nextOffset, end, lagSeconds } of partitions) {
        const labels = { subscription, scope, partition: String(partition) };
        this.lagSeconds.set(labels, lagSeconds);
        if (source === 'kafka' && end !== undefined) {
          this.lagRecords.set(labels, Math.max(0, Number(end - nextOffset)));
        }
      }
    }
    const names = statuses.map(({ subscription }) => subscription);
    const { rows } = await pool.query<{ subscription: string; parked: number }>(
      `select name as subscription,
              (select count(*)::int from subscription.parked where subscription = name) as parked
         from unnest($1::text[]) as name`,
      [names],
    );
    for (const { subscription, parked } of rows) this.parked.set({ subscription }, parked);
  }
}
