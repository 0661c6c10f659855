import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { nodeUrl } from '#embedded/certificates.js';
import { freePort } from '#embedded/free-port.js';
import { inheritedEnv } from '#testing/inherited-env.js';

import { ApiClient } from './client.js';

export interface PartOptions {
  readonly dist: string;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  /** Beside what the part needs. */
  readonly env?: Readonly<Record<string, string>>;
}

const start = async (
  app: string,
  { dist, dataDir, env: more }: Pick<PartOptions, 'dist' | 'dataDir' | 'env'>,
  env: Readonly<Record<string, string>>,
): Promise<AppProcess> => {
  const process_ = new AppProcess({
    script: join(dist, `apps/${app}/main.js`),
    env: { ...inheritedEnv(), VOLTRACE_DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...env, ...more },
    cwd: dataDir,
  });
  await process_.ready;
  return process_;
};

/** One more projector on the same stores. */
export const startProjector = (options: PartOptions): Promise<AppProcess> =>
  start('projector', options, {
    DATABASE_URL: options.databaseUrl,
    EVENTSTORE_URL: options.eventStoreUrl,
  });

/** Reached by `KAFKA_...` variables. */
type KafkaParts = PartOptions & { readonly kafka: Readonly<Record<string, string>> };

/** One more relay on the same log and brokers. */
export const startRelay = (options: KafkaParts): Promise<AppProcess> =>
  start('relay', options, {
    DATABASE_URL: options.databaseUrl,
    EVENTSTORE_URL: options.eventStoreUrl,
    ...options.kafka,
  });

/** One more process of the consumers, in the same groups; without Kafka it reads the log. */
export const startConsumers = (options: PartOptions & Partial<KafkaParts>): Promise<AppProcess> =>
  start('consumers', options, {
    DATABASE_URL: options.databaseUrl,
    EVENTSTORE_URL: options.eventStoreUrl,
    ...options.kafka,
  });

/** A bridge to an MQTT broker. */
export const startBridge = (
  options: PartOptions & {
    readonly mqtt: {
      readonly url: string;
      readonly credentials: string;
      readonly clientId: string;
    };
  },
): Promise<AppProcess> =>
  start('mqtt-bridge', options, {
    DATABASE_URL: options.databaseUrl,
    EVENTSTORE_URL: options.eventStoreUrl,
    MQTT_URL: options.mqtt.url,
    MQTT_CREDENTIALS_FILE: options.mqtt.credentials,
    MQTT_CLIENT_ID: options.mqtt.clientId,
  });

/** One more API on the same stores and data folder, on a free port. */
export const startApi = async (
  options: PartOptions,
): Promise<{ app: AppProcess; url: string; as: (key: string) => ApiClient }> => {
  const port = await freePort();
  const app = await start('api', options, {
    DATABASE_URL: options.databaseUrl,
    EVENTSTORE_URL: options.eventStoreUrl,
    PORT: String(port),
    ADMIN_KEY_FILE: join(options.dataDir, 'admin.key'),
  });
  const url = `http://127.0.0.1:${port}`;
  return { app, url, as: (key) => new ApiClient(url, key) };
};

/** An event node alone. Resolves with its URL. */
export const startNode = async (
  options: Pick<PartOptions, 'dist' | 'dataDir'> & { readonly logDatabaseUrl: string },
): Promise<{ app: AppProcess; url: string }> => {
  const certificates = join(options.dataDir, 'certificates');
  const app = await start('event-node', options, {
    EVENT_NODE_DATABASE_URL: options.logDatabaseUrl,
    EVENT_NODE_PORT: '0',
    EVENT_NODE_CERTIFICATES: certificates,
  });
  const { port } = await app.ready;
  if (port === undefined) throw new Error('the event node did not name its port');
  return { app, url: nodeUrl(port, certificates) };
};
