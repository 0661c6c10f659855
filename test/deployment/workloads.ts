import { environmentProblems, textOf, version } from './apps.js';
import { dockerfile } from './image-source.js';
import { type Container, type Manifest, podOf, type Probe, workloadsOf } from './manifests.js';

const stages = dockerfile.stagesOf(textOf('docker/Dockerfile'));
const image = dockerfile.configOf(stages, 'voltrace');
const openApi = JSON.parse(textOf('docs/openapi.json')) as { paths: Record<string, object> };

/** What the supervision of a process serves; a test asks it for each. */
export const supervisionPaths = ['/health/live', '/health/ready', '/metrics'];

/** Whether the port of that name answers on this path. */
export const isServed = (port: string, path: string): boolean =>
  port === 'health'
    ? supervisionPaths.includes(path)
    : path in openApi.paths || path === '/health/live';

const isOurs = ({ image: name }: Container): boolean => name.startsWith('voltrace');

/** It writes its configuration beside its programs. */
const writesToItsRoot = 'apache/kafka:';

/** What is wrong with the pods of each workload: security, resources, probes, and what fits our code and image. */
export const workloadProblems = (manifests: readonly Manifest[]): string[] =>
  workloadsOf(manifests).flatMap((workload) => {
    const { spec } = podOf(workload);
    const settings = (container: Container) => settingsOf(manifests, container);
    const problems = [
      ...podProblems(spec.securityContext ?? {}),
      ...(spec.automountServiceAccountToken === false ? [] : ['it may speak with the API server']),
      ...spec.containers.flatMap((container) => [
        ...containerProblems(container),
        ...(workload.kind === 'Job' ? [] : probeProblems(container)),
        ...(isOurs(container) ? oursProblems(container, settings(container), spec) : []),
      ]),
    ];
    return problems.map((problem) => `${workload.kind} ${workload.metadata.name}: ${problem}`);
  });

const podProblems = (context: Readonly<Record<string, unknown>>): string[] => [
  ...(context['runAsNonRoot'] === true ? [] : ['it may run as root']),
  ...(typeof context['runAsUser'] === 'number' ? [] : ['its user has no number']),
  ...((context['seccompProfile'] as { type?: string } | undefined)?.type === 'RuntimeDefault'
    ? []
    : ['any call of the system is allowed']),
];

const containerProblems = ({
  image: name,
  securityContext = {},
  resources,
}: Container): string[] => {
  const drop = (securityContext['capabilities'] as { drop?: string[] } | undefined)?.drop ?? [];
  const isReadOnly = securityContext['readOnlyRootFilesystem'] === true;
  return [
    ...(securityContext['allowPrivilegeEscalation'] === false ? [] : ['it may gain privileges']),
    ...(drop.includes('ALL') ? [] : ['it has capabilities']),
    ...(isReadOnly || name.startsWith(writesToItsRoot) ? [] : ['its root can be written to']),
    ...(resources?.requests?.['cpu'] && resources.requests['memory']
      ? []
      : ['it requests nothing']),
    ...(resources?.limits?.['memory'] ? [] : ['its memory has no limit']),
    ...(/:\d+\.\d+(\.\d+)?(-[\w.]+)?$/.test(name) ? [] : [`${name} has no exact version`]),
  ];
};

const probeProblems = (container: Container): string[] => {
  const { livenessProbe, readinessProbe, startupProbe, ports = [] } = container;
  const probes = [livenessProbe, readinessProbe, startupProbe].filter(
    (probe) => probe !== undefined,
  );
  const portOf = ({ httpGet, tcpSocket }: Probe) => httpGet?.port ?? tcpSocket?.port;
  return [
    ...(readinessProbe ? [] : ['nothing says whether it is ready']),
    ...probes
      .map(portOf)
      .filter((port) => port !== undefined && !ports.some(({ name }) => name === port))
      .map((port) => `a probe asks port ${String(port)}, which it does not have`),
    ...(isOurs(container) ? ourProbeProblems(container) : []),
  ];
};

const ourProbeProblems = ({ livenessProbe: live, readinessProbe: ready }: Container): string[] => [
  ...(live?.httpGet?.path === '/health/live' ? [] : ['it is not restarted by /health/live']),
  ...(ready?.httpGet?.path === '/health/ready' ? [] : ['it is not ready by /health/ready']),
  ...[live, ready]
    .flatMap((probe) => probe?.httpGet ?? [])
    .filter(({ port, path }) => !isServed(String(port), path))
    .map(({ port, path }) => `port ${String(port)} does not answer ${path}`),
];

/** Which variable says where a port of that name is. */
const variableOf: Readonly<Record<string, string>> = {
  http: 'PORT',
  health: 'HEALTH_PORT',
  mqtt: 'MQTT_PORT',
};

const oursProblems = (
  { args = [], ports = [], image: name, volumeMounts = [] }: Container,
  settings: Readonly<Record<string, string>>,
  spec: ReturnType<typeof podOf>['spec'],
): string[] => {
  const uid = Number(image.user.split(':')[0]);
  const wrongPorts = ports.filter(
    (port) => settings[variableOf[port.name] ?? ''] !== String(port.containerPort),
  );
  const mounts = volumeMounts.map(({ mountPath }) => mountPath);
  const files = Object.entries(settings).filter(
    ([key, value]) => /_FILE$|_CERTS$/.test(key) && value.startsWith('/'),
  );
  const lost = files.filter(([, path]) => !mounts.some((mount) => path.startsWith(`${mount}/`)));
  const inSecrets = projectedPaths(spec);
  const absent = files.filter(
    ([, path]) => path.startsWith('/run/secrets/voltrace/') && !inSecrets.includes(path.slice(22)),
  );
  return [
    ...environmentProblems(args, settings, { ...image.env, ...settings }),
    ...(name === `voltrace:${version}` ? [] : [`${name} is not version ${version}`]),
    ...(spec.securityContext?.['runAsUser'] === uid ? [] : [`it does not run as ${String(uid)}`]),
    ...(spec.securityContext?.['fsGroup'] === uid ? [] : ['it cannot read its secrets']),
    ...wrongPorts.map(
      (port) => `nothing says that port ${port.name} is ${String(port.containerPort)}`,
    ),
    ...lost.map(([key, path]) => `${key} is ${path}, where nothing is mounted`),
    ...absent.map(([key, path]) => `${key} is ${path}, which no secret has`),
  ];
};

const projectedPaths = ({ volumes = [] }: ReturnType<typeof podOf>['spec']): string[] =>
  volumes
    .filter(({ name }) => name === 'secrets')
    .flatMap(({ projected }) => projected?.sources ?? [])
    .flatMap(({ secret }) => secret.items ?? [])
    .map(({ path }) => path);

const settingsOf = (
  manifests: readonly Manifest[],
  { env = [], envFrom = [] }: Container,
): Record<string, string> => {
  const maps = envFrom.map(({ configMapRef }) =>
    manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name,
    ),
  );
  const own = env.map(({ name, value = '' }) => [name, value] as const);
  return Object.assign({}, ...maps.map((map) => map?.data), Object.fromEntries(own)) as Record<
    string,
    string
  >;
};
