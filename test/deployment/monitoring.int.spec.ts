import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

import { textOf } from './apps.js';
import { manifestsIn, named } from './manifests.js';
import { exposedMetrics, expressionProblems } from './metrics.js';

const folder = 'k8s/components/monitoring';
const exposed = exposedMetrics();

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    readonly targets: readonly {
      readonly refId: string;
      readonly expr: string;
      readonly legendFormat: string;
    }[];
  }[];
}

/** Labels that the texts of alerts and legends put in, and whether the expression leaves them. */
const missingLabels = (text: string, expression: string): string[] =>
  [...text.matchAll(/\$labels\.(\w+)|\{\{(\w+)\}\}/g)]
    .map(([, ofAlert, ofLegend]) => ofAlert ?? ofLegend ?? '')
    .filter((label) => !new RegExp(`(by \\([^)]*\\b${label}\\b|\\bup\\{)`).test(expression));

describe('alerts', () => {
  const rules = (
    named(manifestsIn(textOf(`${folder}/rules.yaml`)), 'PrometheusRule', 'voltrace').spec.groups ??
    []
  ).flatMap((group) => group.rules);

  it.each(rules)(
    '$alert asks for metrics and labels that processes have',
    ({ expr, annotations }) => {
      expect(expressionProblems(expr, exposed)).toEqual([]);
      for (const text of Object.values(annotations)) expect(missingLabels(text, expr)).toEqual([]);
    },
  );

  it('miss each process that they expect to be scraped', () => {
    const expr = (name: string) => rules.find(({ alert }) => alert === name)?.expr ?? '';
    const [, scraped = ''] = /component=~"([^"]*)"/.exec(expr('VoltraceNotScraped')) ?? [];
    const missed = [...expr('VoltraceMissing').matchAll(/absent\(up{component=~?"([^"]*)"}\)/g)];
    expect(missed.flatMap(([, names = '']) => names.split('|'))).toEqual(scraped.split('|'));
  });

  it('are there for lag, parked events and readiness', () => {
    for (const metric of [
      'subscription_lag_seconds',
      'subscription_parked',
      'health_up',
      'relay_lag_seconds',
    ]) {
      expect(rules.some(({ expr }) => expr.includes(`voltrace_${metric}`))).toBe(true);
    }
  });
});

describe.each(readdirSync(join(projectRoot, folder, 'dashboards')))('the dashboard %s', (file) => {
  const { panels, uid, title } = JSON.parse(textOf(`${folder}/dashboards/${file}`)) as Dashboard;

  it('asks for metrics and labels that processes have', () => {
    expect([uid, title].every((text) => text !== '')).toBe(true);
    const targets = panels.flatMap((panel) => panel.targets);
    expect(targets.length).toBeGreaterThan(5);
    expect(targets.flatMap(({ expr }) => expressionProblems(expr, exposed))).toEqual([]);
    expect(targets.flatMap(({ expr, legendFormat }) => missingLabels(legendFormat, expr))).toEqual(
      [],
    );
  });

  it('has panels that lie beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from(
        { length: w * h },
        (_, index) => `${String(x + (index % w))},${String(y + Math.floor(index / w))}`,
      ),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

describe('an expression', () => {
  it.each([
    ['sum(voltrace_lag)', 'no process has the metric voltrace_lag'],
    ['max(voltrace_subscription_parked', 'this is no PromQL'],
    ['sum by (name) (voltrace_subscription_parked)', 'no metric has the label name'],
    ['voltrace_commands_total{result="failed"}', 'no metric has the label result'],
    ['rate(voltrace_append_seconds[5m])', 'no process has the metric voltrace_append_seconds'],
  ])('%s would be found wrong', (expression, problem) => {
    expect(expressionProblems(expression, exposed).join()).toContain(problem);
  });

  it('whose legend names a label that it does not leave would be found wrong', () => {
    expect(missingLabels('{{component}}', 'sum by (check) (x)')).toEqual(['component']);
  });
});
