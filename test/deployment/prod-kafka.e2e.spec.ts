import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { eventually } from '#testing/until.js';

import { textOf } from './apps.js';
import { type Container, Containers } from './container.js';
import { type Manifest, manifestsIn, named } from './manifests.js';
import { type Acl, type SecuredKafka, startSecuredKafka } from './secured-kafka.js';

const folder = 'k8s/overlays/prod';
const user = named(manifestsIn(textOf(`${folder}/kafka.yaml`)), 'KafkaUser', 'voltrace');
const { acls } = (user.spec as unknown as { authorization: { acls: readonly Acl[] } })
  .authorization;
const [patch] = manifestsIn(textOf(`${folder}/with-kafka.yaml`)) as [Manifest];
const password = 'a password that the operator has made';

const root = mkdtempSync(join(tmpdir(), 'voltrace-prod-kafka-'));
const secret = (name: string): string => join(root, 'secrets', name);

/** A pod of prod as far as Kafka is concerned, whose files are those of the secrets. */
const pod = (name: string): Container => ({
  name,
  words: [name],
  env: {
    DATABASE_URL_FILE: '/run/secrets/voltrace/database-url',
    EVENTSTORE_URL_FILE: '/run/secrets/voltrace/eventstore-url',
    ...(name === 'api' && { ADMIN_KEY_FILE: '/var/lib/voltrace/admin.key' }),
    ...(name !== 'projector' &&
      Object.fromEntries(
        (patch.spec.template?.spec.containers[0]?.env ?? []).map(({ name: of, value = '' }) => [
          of,
          value,
        ]),
      )),
  },
  mounts: {
    '/run/secrets/voltrace': join(root, 'secrets'),
    '/var/lib/voltrace': join(root, 'data'),
  },
});

let kafka: SecuredKafka;
let database: TestDatabase;
let node: TestNode;
let containers: Containers;

describeWithKafkaPrograms(
  'the pods of prod at a Kafka with TLS, passwords and access lists',
  () => {
    beforeAll(async () => {
      for (const name of ['secrets', 'data']) mkdirSync(join(root, name));
      [database, node, kafka] = await Promise.all([
        testDatabase(),
        startOwnNode(),
        startSecuredKafka(join(root, 'kafka'), { name: 'voltrace', password, acls }),
      ]);
      writeFileSync(secret('database-url'), database.url);
      writeFileSync(secret('eventstore-url'), node.url);
      writeFileSync(secret('kafka-password'), password);
      copyFileSync(kafka.authority, secret('kafka-ca.crt'));
      containers = new Containers(join(root, 'app'), {
        'kafka-kafka-bootstrap:9093': kafka.address,
      });
      const names = ['projector', 'api', 'consumers', 'relay', 'cycler-control'];
      for (const name of names) await containers.start(pod(name));
      await Promise.all(names.map((name) => containers.healthy(name)));
    });
    afterAll(async () => {
      await containers.kill();
      await kafka.broker.kill();
      await node.stop();
      await database.drop();
      rmSync(root, { recursive: true, force: true });
    });

    it('publish what happens, count it from the topics, and compare both', async () => {
      const key = readFileSync(join(root, 'data', 'admin.key'), 'utf8').trim();
      const name = 'Juniper Hill Storage';
      await containers.ask(key, '/manufacturers', { name, reason: 'to have it published' });
      await eventually(async () => {
        const { items } = await containers.ask(key, '/analytics/registry-activity');
        const manufacturer = expect.objectContaining({ name }) as unknown;
        const registered = { kind: 'manufacturer-registered', manufacturer };
        expect(items).toContainEqual(expect.objectContaining(registered));
      });
      const counted = await containers.ask(key, '/subscriptions/registry-activity');
      expect(counted).toMatchObject({ source: 'kafka', state: 'running' });
      const address = `--url=${containers.urlOf('api')}`;
      const verifying = await containers.start({
        ...{ name: 'verify', env: {}, mounts: { '/data': join(root, 'data') } },
        words: ['voltrace', address, '--key-file=/data/admin.key', 'topics', 'verify'],
      });
      const { code } = await verifying.ended;
      expect([code, verifying.output]).toEqual([0, expect.stringContaining('registry')]);
    });

    it('are let in by their password alone', async () => {
      writeFileSync(secret('kafka-password'), 'another one');
      // A relay would wait for its turn before it connects.
      const stranger = await containers.start({ ...pod('consumers'), name: 'stranger' });
      await eventually(() => {
        expect(stranger.output).toMatch(/SASL|authentication/i);
        return Promise.resolve();
      });
    });
  },
);
