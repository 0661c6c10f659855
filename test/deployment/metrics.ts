import { parser } from '@prometheus-io/lezer-promql';

import { RelayMetrics } from '#apps/relay/relay-metrics.js';
import { LinkMetrics } from '#device-link/link-metrics.js';
import { RelayStatus } from '#fanout/relay/status.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { ProcessContext } from '#process/process-context.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';

/** The metrics of every process, by name, with their labels; of a histogram also those that it is made of. */
export const exposedMetrics = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const metrics = new Metrics();
  new ProcessContext('test', Logger.create({ app: 'test', level: 'silent' }), metrics);
  new SubscriptionMetrics(metrics);
  new LinkMetrics(metrics);
  new RelayMetrics(metrics, new RelayStatus());
  return new Map(
    metrics.registry.getMetricsAsArray().flatMap((metric) => {
      const { name, labelNames, type } = metric as unknown as Declared;
      const labels = new Set(labelNames);
      if (type !== 'histogram') return [[name, labels] as const];
      return [
        [`${name}_bucket`, new Set([...labels, 'le'])] as const,
        [`${name}_sum`, labels] as const,
        [`${name}_count`, labels] as const,
      ];
    }),
  );
};

interface Declared {
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly type: string;
}

/** What Prometheus adds to every metric, and the relabelling of our monitors. */
const added = [
  'component',
  'pod',
  'namespace',
  'instance',
  'job',
  'service',
  'container',
  'endpoint',
];

/** What is wrong with an expression: its grammar, metrics that no process has, labels that none of its metrics has. */
export const expressionProblems = (
  expression: string,
  exposed: ReadonlyMap<string, ReadonlySet<string>>,
): string[] => {
  const used: Record<'Identifier' | 'LabelName', string[]> = { Identifier: [], LabelName: [] };
  const errors: number[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) errors.push(from);
      const text = expression.slice(from, to);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector')
        used.Identifier.push(text);
      if (name === 'LabelName') used.LabelName.push(text);
    },
  });
  if (errors.length > 0) return [`this is no PromQL: ${expression}`];
  const metrics = used.Identifier.filter((name) => name !== 'up');
  const labels = new Set([...added, ...metrics.flatMap((name) => [...(exposed.get(name) ?? [])])]);
  return [
    ...metrics
      .filter((name) => !exposed.has(name))
      .map((name) => `no process has the metric ${name}`),
    ...used.LabelName.filter((name) => !labels.has(name)).map(
      (name) => `${expression}: no metric has the label ${name}`,
    ),
  ];
};
