import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

import { collectEventLoopDelay } from './event-loop-delay.js';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** accepted, unchanged, repeated: see `CommandResult`. refused: a rule said no. failed: store or bug. */
export type CommandOutcome = 'accepted' | 'unchanged' | 'repeated' | 'refused' | 'failed';
export type AppendOutcome = 'appended' | 'wrong-revision' | 'unknown' | 'failed';

/** The Prometheus registry of this process with the project's own counters and histograms. Times are seconds. */
export class Metrics {
  readonly registry = new Registry();

  readonly commands = new Counter({
    name: 'voltrace_commands_total',
    help: 'Commands by type and outcome (accepted, unchanged, repeated, refused, failed).',
    labelNames: ['command', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly commandSeconds = new Histogram({
    name: 'voltrace_command_seconds',
    help: 'Time from a command to its outcome, by type.',
    labelNames: ['command'] as const,
    buckets: seconds,
    registers: [this.registry],
  });

  readonly appendSeconds = new Histogram({
    name: 'voltrace_append_seconds',
    help: 'Time of one append to the event log, by outcome.',
    labelNames: ['outcome'] as const,
    buckets: seconds,
    registers: [this.registry],
  });

  readonly httpSeconds = new Histogram({
    name: 'voltrace_http_request_seconds',
    help: 'Time of one HTTP request, by method, route template and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: seconds,
    registers: [this.registry],
  });

  readonly unauthenticated = new Counter({
    name: 'voltrace_http_unauthenticated_total',
    help: 'Requests answered 401, by reason.',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly forbidden = new Counter({
    name: 'voltrace_http_forbidden_total',
    help: 'Requests answered 403, by route template.',
    labelNames: ['route'] as const,
    registers: [this.registry],
  });

  readonly connectionsRefused = new Counter({
    name: 'voltrace_http_connections_refused_total',
    help: 'Connections refused beyond a limit: of their address, or of all.',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  /** With `processMetrics`, CPU, memory, handles and event loop lag too. */
  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics === false) return;
    // Of its own monitor, which cannot be left out, nothing is used.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 3_600_000 });
    collectEventLoopDelay(this.registry);
  }

  /** The text exposition format, with its content type. */
  async render(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }
}
