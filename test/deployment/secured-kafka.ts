import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import kafkajs, { type AclOperationTypes, type AclResourceTypes } from 'kafkajs';

import { freePort } from '#embedded/free-port.js';
import { type KafkaBroker, startKafkaBroker } from '#testing/kafka/broker.js';
import { newClusterId } from '#testing/kafka/data-folder.js';
import { fetchKafka } from '#testing/kafka/programs.js';
import { runProgram } from '#testing/kafka/run-program.js';
import { withAdmin } from '#testing/kafka/topics.js';

/** What a KafkaUser of Strimzi may do. */
export interface Acl {
  readonly resource: {
    readonly type: string;
    readonly name?: string;
    readonly patternType?: string;
  };
  readonly operations: readonly string[];
}

export interface SecuredKafka {
  readonly broker: KafkaBroker;
  /** Where clients meet it over TLS, each with a password. */
  readonly address: string;
  /** File of who signed its certificate. */
  readonly authority: string;
}

// Node does not see these by their names.
const { AclPermissionTypes, ResourcePatternTypes } = kafkajs;
const { AclOperationTypes: operationTypes, AclResourceTypes: types } = kafkajs;

const resourceTypes: Readonly<Record<string, AclResourceTypes>> = {
  topic: types.TOPIC,
  group: types.GROUP,
  transactionalId: types.TRANSACTIONAL_ID,
  cluster: types.CLUSTER,
};

/** A broker as Strimzi runs it: TLS and SCRAM for clients, and nothing allowed but what `acls` allow the user. */
export const startSecuredKafka = async (
  folder: string,
  user: { readonly name: string; readonly password: string; readonly acls: readonly Acl[] },
): Promise<SecuredKafka> => {
  mkdirSync(folder, { recursive: true });
  const [port, controller, clients] = [await freePort(), await freePort(), await freePort()];
  const authority = join(folder, 'ca.crt');
  const broker = await startKafkaBroker({
    folder: join(folder, 'broker'),
    port,
    member: { nodeId: 1, clusterId: newClusterId(), controllers: new Map([[1, controller]]) },
    settings: {
      listeners: `BROKER://127.0.0.1:${String(port)},CLIENTS://127.0.0.1:${String(clients)},CONTROLLER://127.0.0.1:${String(controller)}`,
      'advertised.listeners': `BROKER://127.0.0.1:${String(port)},CLIENTS://127.0.0.1:${String(clients)}`,
      'listener.security.protocol.map': 'BROKER:PLAINTEXT,CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.clients.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': makeCertificate(folder, authority),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Who comes in by the other listener is nobody but ourselves.
      'super.users': 'User:ANONYMOUS',
    },
  });
  await addUser(broker.brokers, user.name, user.password);
  await withAdmin(broker.brokers, (admin) =>
    admin.createAcls({
      acl: user.acls.flatMap(({ resource, operations }) =>
        operations.map((operation) => ({
          resourceType: resourceTypes[resource.type] ?? types.UNKNOWN,
          resourceName: resource.name ?? 'kafka-cluster',
          resourcePatternType:
            resource.patternType === 'prefix'
              ? ResourcePatternTypes.PREFIXED
              : ResourcePatternTypes.LITERAL,
          ...{ principal: `User:${user.name}`, host: '*' },
          operation: operationOf(operation),
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    }),
  );
  return { broker, address: `127.0.0.1:${String(clients)}`, authority };
};

/** `DescribeConfigs` is DESCRIBE_CONFIGS. */
const operationOf = (name: string): AclOperationTypes => {
  const constant = name.replace(/(?<=.)[A-Z]/g, '_$&').toUpperCase();
  return operationTypes[constant as keyof typeof operationTypes];
};

/** Key and certificate of the broker in one file; `authority` is who signed it. */
const makeCertificate = (folder: string, authority: string): string => {
  const file = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  const subject = ['-nodes', '-newkey', 'rsa:2048', '-subj'];
  openssl('req', '-x509', ...subject, '/CN=test', '-keyout', file('ca.key'), '-out', authority);
  openssl(
    'req',
    ...subject,
    '/CN=broker',
    '-keyout',
    file('broker.key'),
    '-out',
    file('broker.csr'),
  );
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1');
  const signed = ['-CA', authority, '-CAkey', file('ca.key'), '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    file('broker.csr'),
    ...signed,
    '-extfile',
    file('names'),
    '-out',
    file('broker.crt'),
  );
  const both = ['broker.key', 'broker.crt'].map((name) => readFileSync(file(name), 'utf8'));
  writeFileSync(file('broker.pem'), both.join(''));
  return file('broker.pem');
};

const addUser = async (brokers: string, name: string, password: string): Promise<void> => {
  const { java, javaOptions } = await fetchKafka();
  const words = ['--bootstrap-server', brokers, '--alter', '--entity-type', 'users'];
  const secret = ['--entity-name', name, '--add-config', `SCRAM-SHA-512=[password=${password}]`];
  const { code, output } = await runProgram(
    java,
    [...javaOptions, 'kafka.admin.ConfigCommand', ...words, ...secret],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`the user of Kafka was not made:\n${output}`);
};
