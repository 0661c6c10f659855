import { describe, expect, it } from 'vitest';

import { changed, containerOf, type Manifest, named, podOf, resolved } from './manifests.js';
import { referenceProblems } from './references.js';
import { fieldProblems, valueProblems } from './schemas.js';
import { workloadProblems } from './workloads.js';

// Each check of the manifests finds what it is there for.
const prod = resolved('prod') ?? [];
const suite = prod.length > 0 ? describe : describe.skip;

suite(prod.length > 0 ? 'the manifests' : 'the manifests [skipped: there is no kubectl]', () => {
  it('would be found wrong in a value, a field and a kind', async () => {
    const wrong = changed(prod, ['Deployment', 'api'], (api) => {
      Object.assign(containerOf(api), { ports: [{ name: 'http', containerPort: '8080' }] });
    });
    expect(await valueProblems(named(wrong, 'Deployment', 'api'))).toEqual([
      expect.stringMatching(/containerPort must be integer/),
    ]);
    expect(await valueProblems({ ...prod[0]!, kind: 'Nonsense' })).toEqual([
      expect.stringMatching(/there is no .* Nonsense/),
    ]);
    const misspelt = changed(prod, ['Deployment', 'relay'], (relay) =>
      Object.assign(containerOf(relay), { securitycontext: {} }),
    );
    expect(fieldProblems(misspelt).join()).toContain('securitycontext');
    const monitor = changed(prod, ['ServiceMonitor', 'api'], ({ spec }) =>
      Object.assign(spec.endpoints![0]!, { pfad: '/x' }),
    );
    expect(fieldProblems(monitor).join()).toContain('pfad');
  });

  it.each<[string, string, string, (manifest: Manifest) => unknown, RegExp]>([
    [
      'a variable that is none',
      'Deployment',
      'projector',
      (m) => containerOf(m).env!.push({ name: 'LOG_LEVELS', value: 'x' }),
      /LOG_LEVELS is no variable/,
    ],
    [
      'a value that is refused',
      'Deployment',
      'relay',
      (m) => containerOf(m).env!.push({ name: 'KAFKA_TLS', value: 'yes' }),
      /KAFKA_TLS is "yes"; expected/,
    ],
    [
      'a variable too few',
      'Deployment',
      'relay',
      (m) =>
        (containerOf(m).env = containerOf(m).env!.filter(({ name }) => name !== 'KAFKA_BROKERS')),
      /relay: KAFKA_BROKERS is not set/,
    ],
    [
      'no address of a store',
      'Job',
      'build',
      (m) => (containerOf(m).env = []),
      /build: DATABASE_URL is not set/,
    ],
    [
      'another app',
      'Deployment',
      'consumers',
      (m) => (containerOf(m).args = ['consumer']),
      /"consumer" is no app/,
    ],
    [
      'another user',
      'Deployment',
      'api',
      (m) => (podOf(m).spec.securityContext = { runAsNonRoot: true, runAsUser: 1000 }),
      /it does not run as 10001/,
    ],
    [
      'root',
      'StatefulSet',
      'mosquitto',
      (m) => (podOf(m).spec.securityContext = {}),
      /it may run as root/,
    ],
    [
      'a root that can be written to',
      'Deployment',
      'api',
      (m) => (containerOf(m).securityContext = {}),
      /its root can be written to/,
    ],
    [
      'no limit',
      'Deployment',
      'api',
      (m) => delete containerOf(m).resources,
      /its memory has no limit/,
    ],
    [
      'another version',
      'Deployment',
      'api',
      (m) => (containerOf(m).image = 'voltrace:0.0.1'),
      /is not version/,
    ],
    [
      'another port',
      'Deployment',
      'api',
      (m) => (containerOf(m).ports = [{ name: 'http', containerPort: 8081 }]),
      /nothing says that port http is 8081/,
    ],
    [
      'a probe of no route',
      'Deployment',
      'relay',
      (m) => (containerOf(m).readinessProbe = { httpGet: { path: '/ready', port: 'health' } }),
      /port health does not answer \/ready/,
    ],
    [
      'a probe of no port',
      'Deployment',
      'relay',
      (m) => (containerOf(m).livenessProbe = { httpGet: { path: '/health/live', port: 'http' } }),
      /a probe asks port http/,
    ],
    [
      'a file where nothing is mounted',
      'Deployment',
      'mqtt-bridge',
      (m) => (containerOf(m).volumeMounts = []),
      /MQTT_CREDENTIALS_FILE is .*, where nothing is mounted/,
    ],
  ])('would be found wrong with %s', (_, kind, name, change, problem) => {
    expect(workloadProblems(changed(prod, [kind, name], change)).join('\n')).toMatch(problem);
  });

  it.each<[string, string, string, (manifest: Manifest) => unknown, RegExp]>([
    [
      'a service of no pods',
      'Service',
      'api',
      ({ spec }) => (spec.selector = { a: 'b' }),
      /Service api selects no pods/,
    ],
    [
      'a service of no port',
      'Service',
      'api',
      ({ spec }) => (spec.ports![0]!.targetPort = 'https'),
      /have no port https/,
    ],
    [
      'a deployment of other pods',
      'Deployment',
      'relay',
      ({ spec }) => (spec.selector = { matchLabels: { a: 'b' } }),
      /it selects other pods/,
    ],
    [
      'a budget of no pods',
      'PodDisruptionBudget',
      'relay',
      ({ spec }) => (spec.selector = { matchLabels: { a: 'b' } }),
      /PodDisruptionBudget relay: it selects no pods/,
    ],
    [
      'an autoscaler of nothing',
      'HorizontalPodAutoscaler',
      'api',
      ({ spec }) => (spec.scaleTargetRef!.name = 'apis'),
      /there is no Deployment apis/,
    ],
    [
      'a number beside the autoscaler',
      'Deployment',
      'api',
      ({ spec }) => (spec.replicas = 2),
      /says itself how many/,
    ],
    [
      'a monitor of no port',
      'ServiceMonitor',
      'supervision',
      ({ spec }) => (spec.endpoints![0]!.port = 'metrics'),
      /has a port metrics/,
    ],
    [
      'a key that no secret has',
      'Deployment',
      'api',
      (m) =>
        Object.assign(
          podOf(m).spec.volumes!.find(({ projected }) => projected)!.projected!.sources[0]!.secret,
          { items: [{ key: 'url', path: 'x' }] },
        ),
      /secret postgres-app has no key url/,
    ],
    [
      'a secret that nobody makes',
      'KafkaUser',
      'voltrace',
      ({ metadata }) => (metadata.name = 'other'),
      /nobody makes the secret voltrace/,
    ],
    [
      'no volume',
      'Deployment',
      'api',
      (m) => (podOf(m).spec.volumes = []),
      /there is no volume secrets/,
    ],
    [
      'a policy for a port that is none',
      'NetworkPolicy',
      'to-api',
      ({ spec }) => (spec.ingress![0] = { ports: [{ port: 80 }] }),
      /has no port 80/,
    ],
    [
      'a policy for nobody',
      'NetworkPolicy',
      'from-voltrace',
      ({ spec }) => (spec.egress![0] = { to: [{ podSelector: { matchLabels: { a: 'b' } } }] }),
      /no pods have {"a":"b"}/,
    ],
    [
      'name servers with our labels',
      'NetworkPolicy',
      'names',
      ({ spec }) =>
        (spec.egress![0] = {
          to: [{ podSelector: { matchLabels: { 'k8s-app': 'kube-dns', a: 'b' } } }],
        }),
      /these are no name servers/,
    ],
    [
      'a database for everybody',
      'NetworkPolicy',
      'to-postgres',
      ({ spec }) => (spec.podSelector = { matchLabels: { 'cnpg.io/cluster': 'other' } }),
      /anybody may speak with Cluster postgres/,
    ],
    [
      'brokers for everybody',
      'Kafka',
      'kafka',
      ({ spec }) => delete spec.kafka!.listeners[0]!.networkPolicyPeers,
      /anybody may speak with Kafka kafka/,
    ],
    [
      'nothing denied',
      'NetworkPolicy',
      'default-deny',
      ({ spec }) => (spec.podSelector = { matchLabels: { a: 'b' } }),
      /anybody may speak with/,
    ],
  ])('would be found wrong with %s', (_, kind, name, change, problem) => {
    expect(referenceProblems(changed(prod, [kind, name], change)).join('\n')).toMatch(problem);
  });
});
