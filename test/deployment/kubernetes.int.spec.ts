import { describe, expect, it } from 'vitest';

import { Logger } from '#observability/logging.js';
import { ProcessContext } from '#process/process-context.js';
import { serveSupervision } from '#process/supervision-server.js';

import { textOf } from './apps.js';
import { kustomizationProblems } from './kustomizations.js';
import { connectionsNeeded, connectionsTaken, secondsToStop } from './limits.js';
import { changed, containerOf, named, podOf, resolved, workloadsOf } from './manifests.js';
import { madeElsewhere, makerOf, referenceProblems } from './references.js';
import { fieldProblems, valueProblems, withoutSchema } from './schemas.js';
import { supervisionPaths, workloadProblems } from './workloads.js';

const overlays = ['dev', 'prod'].map((name) => ({ name, manifests: resolved(name) }));
const [dev = [], prod = []] = overlays.map(({ manifests }) => manifests);
const isResolved = overlays.every(({ manifests }) => manifests !== undefined);
const suite = isResolved ? describe : describe.skip;
const title = (text: string): string =>
  isResolved ? text : `${text} [skipped: there is no kubectl]`;

describe('the kustomizations', () => {
  it.each(['k8s/overlays/dev', 'k8s/overlays/prod'])(
    '%s names files that are there, and patches something',
    (folder) => {
      expect(kustomizationProblems(folder)).toEqual([]);
    },
  );

  it('would be found wrong', () => {
    const problems = kustomizationProblems('k8s/overlays/dev', {
      resources: ['../../base', '../../basis', 'store.yaml'],
      patches: [{ path: 'kafka.yaml', target: { kind: 'Deployment', name: 'relais' } }],
      replicas: [{ name: 'projektor' }],
    });
    expect(problems).toEqual([
      'k8s/overlays/dev: there is no store.yaml',
      'k8s/overlays/dev: nobody names namespace.yaml',
      'k8s/overlays/dev: nobody names network.yaml',
      'k8s/overlays/dev: nobody names stores.yaml',
      'k8s/overlays/dev: nothing is patched for {"kind":"Deployment","name":"relais"}',
      'k8s/overlays/dev: there is no projektor to have replicas',
      'k8s/overlays/dev: there is no k8s/basis',
    ]);
  });
});

suite(title('the manifests'), () => {
  it.each(overlays)(
    'of $name are what the schemas say, without a field that is none',
    async ({ manifests = [] }) => {
      expect(manifests.length).toBeGreaterThan(30);
      expect((await Promise.all(manifests.map(valueProblems))).flat()).toEqual([]);
      expect(fieldProblems(manifests)).toEqual([]);
    },
  );

  it('that no schema is known for are those of one operator', () => {
    const unknown = prod
      .map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)
      .filter((kind) => withoutSchema.has(kind));
    expect(new Set(unknown)).toEqual(withoutSchema);
  });

  it.each(overlays)('of $name fit the code, the image and each other', ({ manifests = [] }) => {
    expect(workloadProblems(manifests)).toEqual([]);
    expect(referenceProblems(manifests)).toEqual([]);
  });

  it('of prod run two of whatever may be two, and the API as its autoscaler says', () => {
    const many = workloadsOf(prod)
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ metadata, spec }) => [metadata.name, spec.replicas]);
    expect(Object.fromEntries(many)).toEqual({
      ...{ api: undefined, projector: 2, consumers: 2, relay: 2, 'cycler-control': 2 },
      'mqtt-bridge': 2,
    });
    expect(named(prod, 'HorizontalPodAutoscaler', 'api').spec.minReplicas).toBe(2);
    for (const [name] of many) named(prod, 'PodDisruptionBudget', String(name));
  });

  it('of prod have all that the job before a roll-out reads, and that is new by its name, applied with it', () => {
    const step = 'voltrace.dev/step';
    const job = named(prod, 'Job', 'build');
    const first = prod.filter(({ metadata }) => metadata.labels?.[step] === 'before');
    const maps = (containerOf(job).envFrom ?? []).map(({ configMapRef }) => configMapRef.name);
    expect(maps).toEqual([expect.stringMatching(/^voltrace-settings-/)]);
    expect(first.map(({ metadata }) => metadata.name).sort()).toEqual(['build', ...maps].sort());
    expect(textOf('k8s/README.md')).toContain(`-l ${step}=before`);
  });

  it.each(overlays)(
    'of $name request what was measured at rest, and may take half as much again as the highest',
    ({ manifests = [] }) => {
      const table = textOf('docs/measurements.md').split('## What a process takes')[1] ?? '';
      const rows = [...table.matchAll(/^\| `([\w-]+)` \| (\d+) \| (\d+) \|/gm)];
      const measured = new Map(
        rows.map(([, app = '', rest, highest]) => [app, [Number(rest), Number(highest)] as const]),
      );
      const mebibytes = (text = '') =>
        Number.parseInt(text, 10) * (text.endsWith('Gi') ? 1_024 : 1);
      const ours = workloadsOf(manifests)
        .map(containerOf)
        .filter(({ image }) => image.startsWith('voltrace'));
      expect(ours.length).toBeGreaterThan(5);
      for (const { args: [app = ''] = [], resources } of ours) {
        // The job runs a projector; a bridge does what a broker does.
        const like: Record<string, string> = {
          voltrace: 'projector',
          'mqtt-bridge': 'mqtt-broker',
        };
        const [rest, highest] = measured.get(like[app] ?? app) ?? [NaN, NaN];
        expect([app, mebibytes(resources?.requests?.['memory']) >= rest]).toEqual([app, true]);
        expect([app, mebibytes(resources?.limits?.['memory']) >= 1.5 * highest]).toEqual([
          app,
          true,
        ]);
      }
    },
  );

  it.each(overlays)(
    'of $name hold fewer connections than Postgres takes, also while a version is rolled out',
    ({ manifests = [] }) => {
      // Some are kept for who looks after it.
      expect(connectionsTaken(manifests)).toBeGreaterThanOrEqual(connectionsNeeded(manifests) + 10);
      const many = changed(
        manifests,
        ['Deployment', 'projector'],
        ({ spec }) => (spec.replicas = 9),
      );
      expect(connectionsNeeded(many)).toBeGreaterThan(connectionsTaken(many));
    },
  );

  it.each(overlays)(
    'of $name give each process the time that it takes to stop',
    ({ manifests = [] }) => {
      const times = workloadsOf(manifests)
        .filter((one) => containerOf(one).image.startsWith('voltrace'))
        .map((one) => podOf(one).spec.terminationGracePeriodSeconds ?? 0);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(secondsToStop);
    },
  );

  it('of dev are all in one namespace', () => {
    const namespaces = dev
      .filter(({ kind }) => kind !== 'Namespace')
      .map(({ metadata }) => metadata.namespace);
    expect(new Set(namespaces)).toEqual(
      new Set([named(dev, 'Namespace', 'voltrace-dev').metadata.name]),
    );
  });

  it('take secrets that the README names, where no operator makes them', () => {
    const readme = textOf('k8s/README.md');
    const ofPeople = Object.entries(madeElsewhere).filter(([name]) => !(name in makerOf));
    for (const [name, keys] of ofPeople) {
      for (const key of keys) expect(readme).toMatch(new RegExp(`\`${name}\`.*\`${key}\``));
    }
  });
});

describe('the supervision of a process', () => {
  it('answers every path that probes and monitors ask it for', async () => {
    const logger = Logger.create({ app: 'test', level: 'silent' });
    const context = new ProcessContext('test', logger);
    const settings = { HEALTH_HOST: '127.0.0.1', HEALTH_PORT: 0, SUPERVISION_KEY_FILE: undefined };
    const port = await serveSupervision(context, settings);
    const statusOf = async (path: string) =>
      (await fetch(`http://127.0.0.1:${String(port)}${path}`)).status;
    for (const path of supervisionPaths)
      expect([path, await statusOf(path)]).not.toEqual([path, 404]);
    expect(await statusOf('/ready')).toBe(404);
    await context.stop();
  });
});
