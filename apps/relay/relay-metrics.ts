import { Counter, Gauge } from 'prom-client';

import type { EventLog } from '#event-log/event-log.js';
import type { Publication } from '#fanout/fact.js';
import { backlogAfter, maxEvents } from '#fanout/relay/backlog.js';
import type { TransactionOutcome } from '#fanout/relay/publish-loop.js';
import { relayStates, type RelayStatus } from '#fanout/relay/status.js';
import type { Metrics } from '#observability/metrics.js';

/** What is counted of the relay, and what is measured when somebody asks. */
export class RelayMetrics {
  private readonly published: Counter;
  private readonly transactions: Counter<'outcome'>;
  private readonly state: Gauge<'state'>;
  private readonly lagSeconds: Gauge;
  private readonly lagEvents: Gauge;

  constructor(
    { registry }: Metrics,
    private readonly status: RelayStatus,
  ) {
    const registers = [registry];
    this.published = new Counter({
      name: 'voltrace_relay_published_total',
      help: 'Facts that were committed to Kafka.',
      registers,
    });
    this.transactions = new Counter({
      name: 'voltrace_relay_transactions_total',
      help: 'Transactions by outcome (committed, failed, fenced); a failed one may have been committed.',
      labelNames: ['outcome'],
      registers,
    });
    this.state = new Gauge({
      name: 'voltrace_relay_state',
      help: '1 for the state that the relay is in.',
      labelNames: ['state'],
      registers,
    });
    this.lagSeconds = new Gauge({
      name: 'voltrace_relay_lag_seconds',
      help: 'Age of the oldest fact that is not on Kafka; 0 without any. NaN while another relay works.',
      registers,
    });
    this.lagEvents = new Gauge({
      name: 'voltrace_relay_lag_events',
      help: 'Facts that are not on Kafka. NaN while another relay works; 20000 stands for more, too.',
      registers,
    });
  }

  transaction(outcome: TransactionOutcome, records: number): void {
    this.transactions.inc({ outcome });
    if (outcome === 'committed') this.published.inc(records);
  }

  /** Sets the gauges. Rejects where the log does not answer. */
  async collect(log: EventLog, publication: Publication): Promise<void> {
    const { status } = this;
    for (const state of relayStates) this.state.set({ state }, status.state === state ? 1 : 0);
    this.lagSeconds.set(NaN);
    this.lagEvents.set(NaN);
    if (!status.isPositionKnown) return;
    const { facts, seconds } = await backlogAfter(log, publication, status.position);
    this.lagSeconds.set(seconds ?? NaN);
    this.lagEvents.set(facts ?? maxEvents);
  }
}
