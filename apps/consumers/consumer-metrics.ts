import { Counter, Gauge } from 'prom-client';

import { consumerStatuses } from '#fanout/consumer/consumer-statuses.js';
import type { FactCounts } from '#fanout/consumer/handle-step.js';
import type { ConsumerObserver } from '#fanout/consumer/runner.js';
import type { ConsumerStatus } from '#fanout/consumer/status.js';
import type { Metrics } from '#observability/metrics.js';
import type { ReadStore } from '#read-store/read-store.js';

/** Counts what becomes of facts, and tells the lag when it is asked for. */
export class ConsumerMetrics implements ConsumerObserver {
  private readonly facts: Counter<'consumer' | 'outcome'>;
  private readonly lagSeconds: Gauge<'consumer' | 'topic' | 'partition'>;
  private readonly lagRecords: Gauge<'consumer' | 'topic' | 'partition'>;
  private readonly deadLetters: Gauge<'consumer'>;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.facts = new Counter({
      name: 'voltrace_consumer_facts_total',
      help: 'Facts that a consumer met, by outcome (done, skipped, retry, dead).',
      labelNames: ['consumer', 'outcome'],
      registers,
    });
    this.lagSeconds = new Gauge({
      name: 'voltrace_consumer_lag_seconds',
      help: 'Age of what a consumer has not handled, by partition that this process reads; 0 at its end.',
      labelNames: ['consumer', 'topic', 'partition'],
      registers,
    });
    this.lagRecords = new Gauge({
      name: 'voltrace_consumer_lag_records',
      help: 'Records of a Kafka partition that a consumer has not read.',
      labelNames: ['consumer', 'topic', 'partition'],
      registers,
    });
    this.deadLetters = new Gauge({
      name: 'voltrace_consumer_dead_letters',
      help: 'Facts that a consumer could not handle, and those that wait behind them.',
      labelNames: ['consumer'],
      registers,
    });
  }

  counted(consumer: string, { done, skipped, dead }: FactCounts): void {
    this.facts.inc({ consumer, outcome: 'done' }, done);
    this.facts.inc({ consumer, outcome: 'skipped' }, skipped);
    this.facts.inc({ consumer, outcome: 'dead' }, dead);
  }

  failed(consumer: string): void {
    this.facts.inc({ consumer, outcome: 'retry' });
  }

  /** Of the consumers that run. */
  async collect(statuses: readonly ConsumerStatus[], store: ReadStore): Promise<void> {
    // Partitions that another process reads now are not ours to tell of.
    this.lagSeconds.reset();
    this.lagRecords.reset();
    for (const { consumer, transport, partitions } of statuses) {
      for (const { topic, partition, nextOffset, end, lagSeconds } of partitions) {
        const labels = { consumer, topic, partition: String(partition) };
        this.lagSeconds.set(labels, lagSeconds);
        if (transport === 'kafka' && end !== undefined) {
          this.lagRecords.set(labels, Math.max(0, Number(end - nextOffset)));
        }
      }
      const [overview] = await consumerStatuses(store, consumer);
      if (overview) this.deadLetters.set({ consumer }, overview.deadLetters);
    }
  }
}
