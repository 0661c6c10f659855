import { Kafka, type KafkaConfig, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';

import { check, oneOf } from '#process/config.js';

/** How the brokers are reached. */
export interface KafkaSettings {
  /** `host:port`, comma-separated. */
  readonly KAFKA_BROKERS: string;
  /** Put before the names of topics, groups and transactional ids, for a cluster that is shared. */
  readonly KAFKA_NAMESPACE: string | undefined;
  readonly KAFKA_TLS: 'on' | 'off';
  readonly KAFKA_SASL_MECHANISM: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly KAFKA_SASL_USERNAME: string | undefined;
  readonly KAFKA_SASL_PASSWORD: string | undefined;
}

export const kafkaBrokers = check(
  'host:port pairs such as 127.0.0.1:9092,127.0.0.1:9093',
  (input) => input.split(',').every((broker) => isAddress(broker.trim())),
);

const isAddress = (broker: string): boolean => {
  const port = Number(/^[\w.-]+:(\d{1,5})$/.exec(broker)?.[1]);
  return port >= 1 && port <= 65_535;
};

const anyText = check('a text', () => true);
const isSet = (value: unknown): boolean => value !== undefined;

/** The variables that everything that meets Kafka has in common; `docs/configuration.md` shows them. */
export const kafkaEnvironment = {
  KAFKA_NAMESPACE: check('1 to 60 letters, digits, dashes or underscores', (input) =>
    /^[\w-]{1,60}$/.test(input),
  )({
    default: undefined,
    desc: 'Put before the names of topics, groups and transactional ids, where a cluster is shared.',
  }),
  KAFKA_TLS: oneOf('on', 'off')({ default: 'off', desc: 'Whether the brokers are met over TLS.' }),
  KAFKA_SASL_MECHANISM: oneOf(
    'plain',
    'scram-sha-256',
    'scram-sha-512',
  )({
    default: undefined,
    requiredWhen: (env) => isSet(env['KAFKA_SASL_USERNAME']) || isSet(env['KAFKA_SASL_PASSWORD']),
    desc: 'How we say who we are; nothing is said when absent.',
  }),
  KAFKA_SASL_USERNAME: anyText({
    default: undefined,
    requiredWhen: (env) => isSet(env['KAFKA_SASL_MECHANISM']),
    desc: 'User name for the SASL mechanism.',
  }),
  KAFKA_SASL_PASSWORD: anyText({
    default: undefined,
    requiredWhen: (env) => isSet(env['KAFKA_SASL_MECHANISM']),
    desc: 'Password for the SASL mechanism.',
  }),
};

/** What kafkajs logs goes to a logger such as pino. */
export interface KafkaLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A client of the cluster; nothing is connected yet. `clientId` shows in the brokers' logs. */
export const kafkaClient = (
  settings: KafkaSettings,
  clientId: string,
  logger: KafkaLogger,
  options: Partial<KafkaConfig> = {},
): Kafka =>
  new Kafka({
    clientId,
    brokers: settings.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
    ssl: settings.KAFKA_TLS === 'on',
    ...saslOf(settings, logger),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      forward(logger, entry);
    },
    ...options,
  });

const saslOf = (settings: KafkaSettings, logger: KafkaLogger): { sasl?: SASLOptions } => {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = settings;
  if (mechanism === undefined) return {};
  if (username === undefined || password === undefined) {
    throw new Error(
      `KAFKA_SASL_MECHANISM is "${mechanism}": KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD must be set too`,
    );
  }
  if (mechanism === 'plain' && settings.KAFKA_TLS === 'off') {
    logger.warn({}, 'the Kafka password is sent in clear: KAFKA_TLS is off');
  }
  return { sasl: { mechanism, username, password } };
};

const forward = (logger: KafkaLogger, { level, namespace, log }: LogEntry): void => {
  const { message, timestamp: _, logger: __, stack: ___, ...fields } = log;
  const shown = { kafka: namespace, ...fields };
  // kafkajs retries most of what it calls an error; the rest rejects, and the caller logs it.
  if (level <= logLevel.WARN) logger.info(shown, message);
  else logger.debug(shown, message);
};

/** A topic, group or transactional id as the cluster knows it. */
export const named = (
  { KAFKA_NAMESPACE: namespace }: Pick<KafkaSettings, 'KAFKA_NAMESPACE'>,
  name: string,
): string => (namespace === undefined ? name : `${namespace}.${name}`);
