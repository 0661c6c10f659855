import {
  type Container,
  type Labels,
  type Manifest,
  podOf,
  selects,
  workloadsOf,
} from './manifests.js';

type Manifests = readonly Manifest[];

/** Secrets that somebody else makes: people, as k8s/README.md says, or an operator, for a resource of ours. */
export const madeElsewhere: Readonly<Record<string, readonly string[]>> = {
  'voltrace-eventstore': ['admin-password', 'ops-password', 'url'],
  'voltrace-supervision': ['key'],
  'voltrace-metrics-key': ['key'],
  'mosquitto-files': ['passwords', 'acl'],
  'mqtt-bridge': ['credentials'],
  'postgres-app': ['uri'],
  voltrace: ['password'],
  'kafka-cluster-ca-cert': ['ca.crt'],
  'eventstore-tls': ['tls.crt', 'tls.key', 'ca.crt'],
};

/** The resource that has an operator make a secret. */
export const makerOf: Readonly<Record<string, readonly [kind: string, name: string]>> = {
  'postgres-app': ['Cluster', 'postgres'],
  voltrace: ['KafkaUser', 'voltrace'],
  'kafka-cluster-ca-cert': ['Kafka', 'kafka'],
  'eventstore-tls': ['Certificate', 'eventstore'],
};

/** What refers to something that is not there, or to another thing than it should. */
export const referenceProblems = (manifests: Manifests): string[] => [
  ...serviceProblems(manifests),
  ...selectorProblems(manifests),
  ...volumeProblems(manifests),
  ...networkProblems(manifests),
];

const podsOf = (manifests: Manifests) => workloadsOf(manifests).map(podOf);
const isThere = (manifests: Manifests, kind: string, name: string): boolean =>
  manifests.some((one) => one.kind === kind && one.metadata.name === name);

const serviceProblems = (manifests: Manifests): string[] =>
  manifests
    .filter(({ kind }) => kind === 'Service')
    .flatMap(({ metadata, spec }) => {
      const pods = podsOf(manifests).filter(({ labels }) =>
        selects(spec.selector as Labels, labels),
      );
      const named = (name: string) =>
        pods.every(({ spec: { containers } }) =>
          containers.some(({ ports = [] }) => ports.some((port) => port.name === name)),
        );
      const wrong = (spec.ports ?? []).filter(({ targetPort }) => !named(targetPort));
      return [
        ...(pods.length > 0 ? [] : [`Service ${metadata.name} selects no pods`]),
        ...wrong.map(
          ({ targetPort }) => `Service ${metadata.name}: its pods have no port ${targetPort}`,
        ),
      ];
    });

const selectorProblems = (manifests: Manifests): string[] =>
  manifests.flatMap(({ kind, metadata, spec }) => {
    const says = (problem: string) => [`${kind} ${metadata.name}: ${problem}`];
    const labels = (spec as Manifest['spec'] | undefined)?.selector?.matchLabels;
    switch (kind) {
      case 'Deployment':
      case 'StatefulSet':
        return selects(labels, spec.template?.metadata.labels) ? [] : says('it selects other pods');
      case 'PodDisruptionBudget':
        return podsOf(manifests).some((pod) => selects(labels, pod.labels))
          ? []
          : says('it selects no pods');
      case 'ServiceMonitor': {
        const services = manifests.filter(
          (one) => one.kind === 'Service' && selects(labels, one.metadata.labels),
        );
        const ports = services
          .flatMap((service) => service.spec.ports ?? [])
          .map(({ name }) => name);
        const missing = (spec.endpoints ?? []).filter(({ port }) => !ports.includes(port));
        return missing.flatMap(({ port }) => says(`no service that it selects has a port ${port}`));
      }
      case 'HorizontalPodAutoscaler': {
        const { kind: of = '', name = '' } = spec.scaleTargetRef ?? {};
        const target = manifests.find((one) => one.kind === of && one.metadata.name === name);
        if (!target) return says(`there is no ${of} ${name}`);
        return target.spec.replicas === undefined
          ? []
          : says('its target says itself how many there are');
      }
      default:
        return [];
    }
  });

const volumeProblems = (manifests: Manifests): string[] => {
  const keysOf = (name: string): readonly string[] | undefined => {
    const made = manifests.find((one) => one.kind === 'Secret' && one.metadata.name === name);
    return made ? Object.keys(made.data ?? {}) : madeElsewhere[name];
  };
  const secretProblem = (name: string, keys: readonly string[]): string[] => {
    const known = keysOf(name);
    if (!known) return [`there is no secret ${name}`];
    const [kind, maker] = makerOf[name] ?? [];
    const isMade = kind === undefined || isThere(manifests, kind, maker ?? '');
    return [
      ...keys
        .filter((key) => !known.includes(key))
        .map((key) => `secret ${name} has no key ${key}`),
      ...(isMade ? [] : [`nobody makes the secret ${name}: there is no ${kind} ${maker ?? ''}`]),
    ];
  };
  return workloadsOf(manifests).flatMap((workload) => {
    const { spec } = podOf(workload);
    const volumes = spec.volumes ?? [];
    const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
    const names = [...volumes.map(({ name }) => name), ...claims];
    const secrets = volumes.flatMap(({ secret, projected }) => [
      ...(secret ? [secret] : []),
      ...(projected?.sources ?? []).map((source) => source.secret),
    ]);
    const ofVariables = spec.containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
    );
    const problems = [
      ...spec.containers
        .flatMap(({ volumeMounts = [] }: Container) => volumeMounts)
        .filter(({ name }) => !names.includes(name))
        .map(({ name }) => `there is no volume ${name}`),
      ...secrets.flatMap(({ name, secretName, items = [] }) =>
        secretProblem(
          name ?? secretName ?? '',
          items.map(({ key }) => key),
        ),
      ),
      ...ofVariables.flatMap(({ name, key }) => secretProblem(name, [key])),
      ...volumes
        .flatMap(({ configMap, persistentVolumeClaim: claim }) => [
          ...(configMap ? [['ConfigMap', configMap.name] as const] : []),
          ...(claim ? [['PersistentVolumeClaim', claim.claimName] as const] : []),
        ])
        .filter(([kind, name]) => !isThere(manifests, kind, name))
        .map(([kind, name]) => `there is no ${kind} ${name}`),
    ];
    return problems.map((problem) => `${workload.kind} ${workload.metadata.name}: ${problem}`);
  });
};

/** Pods of operators, by the labels that they give them, for a resource of ours. */
const operatorsPods: Readonly<Record<string, readonly [kind: string, ports: readonly number[]]>> = {
  'cnpg.io/cluster': ['Cluster', [5432, 8000]],
  'strimzi.io/cluster': ['Kafka', [9093]],
};

const networkProblems = (manifests: Manifests): string[] => {
  const pods = podsOf(manifests);
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  const isDenied = (labels: Labels, type: string) =>
    policies.some(
      ({ spec }) =>
        selects(spec.podSelector?.matchLabels, labels) && spec.policyTypes?.includes(type),
    );
  const open = pods.filter(
    ({ labels }) => !isDenied(labels, 'Ingress') || !isDenied(labels, 'Egress'),
  );
  const portsOf = (labels: Labels | undefined) =>
    pods
      .filter((pod) => selects(labels, pod.labels))
      .flatMap(({ spec }) =>
        spec.containers.flatMap(({ ports = [] }) => ports.map((port) => port.containerPort)),
      );
  const peerProblems = (labels: Labels, ports: readonly number[]): string[] => {
    const [key = '', name = ''] = Object.entries(labels)[0] ?? [];
    const [kind, own = []] = operatorsPods[key] ?? [];
    if (kind !== undefined) {
      const fits = isThere(manifests, kind, name) && ports.every((one) => own.includes(one));
      return fits ? [] : [`${kind} ${name} does not answer ${ports.join()}`];
    }
    if (labels['k8s-app'] === 'kube-dns')
      return Object.keys(labels).length === 1 ? [] : ['these are no name servers'];
    if (!pods.some((pod) => selects(labels, pod.labels)))
      return [`no pods have ${JSON.stringify(labels)}`];
    const known = portsOf(labels);
    return ports
      .filter((one) => !known.includes(one))
      .map((one) => `${JSON.stringify(labels)} has no port ${String(one)}`);
  };
  const found = policies.flatMap(({ metadata, spec }) => {
    const own = spec.podSelector?.matchLabels ?? {};
    const problems = [
      ...peerProblems(
        own,
        (spec.ingress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port)),
      ),
      ...(spec.ingress ?? []).flatMap(({ from = [] }) =>
        from.flatMap(({ podSelector }) =>
          podSelector?.matchLabels ? peerProblems(podSelector.matchLabels, []) : [],
        ),
      ),
      ...(spec.egress ?? []).flatMap(({ to = [], ports = [] }) =>
        to.flatMap(({ podSelector }) =>
          peerProblems(
            podSelector?.matchLabels ?? {},
            ports.map(({ port }) => port),
          ),
        ),
      ),
    ];
    return problems.map((problem) => `NetworkPolicy ${metadata.name}: ${problem}`);
  });
  // Strimzi makes a policy for each listener, which lets everybody in where nobody is named.
  const stores = manifests.filter(({ kind, metadata: { name }, spec }) =>
    kind === 'Kafka'
      ? spec.kafka?.listeners.some(({ networkPolicyPeers = [] }) => networkPolicyPeers.length === 0)
      : kind === 'Cluster' && !isDenied({ 'cnpg.io/cluster': name }, 'Ingress'),
  );
  return [
    ...open.map(({ labels }) => `anybody may speak with ${JSON.stringify(labels)}`),
    ...stores.map(({ kind, metadata }) => `anybody may speak with ${kind} ${metadata.name}`),
    ...found,
  ];
};
