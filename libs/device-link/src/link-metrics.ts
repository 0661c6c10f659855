import { Counter, Gauge, Histogram } from 'prom-client';

import type { Metrics } from '#observability/metrics.js';

/** What came from devices, as it is counted for operators. */
export class LinkMetrics {
  readonly messages;
  readonly rejected;
  readonly batchMessages;
  readonly batchSeconds;
  readonly unacknowledged;
  readonly connections;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.messages = new Counter({
      name: 'voltrace_mqtt_messages_total',
      help: 'Messages of devices by outcome (accepted, expired, duplicate, quarantined, rejected).',
      labelNames: ['outcome'] as const,
      registers,
    });
    this.rejected = new Counter({
      name: 'voltrace_mqtt_rejected_total',
      help: 'Messages and connections that were refused and not kept, by reason.',
      labelNames: ['reason'] as const,
      registers,
    });
    this.batchMessages = new Histogram({
      name: 'voltrace_mqtt_batch_messages',
      help: 'Messages of one device that were taken together.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200],
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'voltrace_mqtt_batch_seconds',
      help: 'Time until a batch was durable.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.unacknowledged = new Gauge({
      name: 'voltrace_mqtt_unacknowledged_messages',
      help: 'Messages that are held until they are durable.',
      registers,
    });
    this.connections = new Gauge({
      name: 'voltrace_mqtt_connections',
      help: 'Connections of devices to the embedded broker, or of the bridge to its broker.',
      registers,
    });
  }
}
