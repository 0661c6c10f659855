import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EachMessagePayload, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { deleteTopic } from '#testing/kafka/topics.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

interface Verified {
  readonly ok: boolean;
  readonly topics: readonly {
    readonly topic: string;
    readonly facts: number;
    readonly expected: number;
    readonly differences: readonly { readonly problem: string; readonly stream: string }[];
  }[];
}

const facts = 'voltrace.product-registry.v1';

describeWithKafka('the topics on the command line', () => {
  const root = mkdtempSync(join(tmpdir(), 'voltrace-topics-'));
  chmodSync(root, 0o755);
  const dataDir = join(root, 'data');
  const namespace = freshNamespace();
  let brokers: string;
  let standalone: TestStandalone;

  const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);
  const verified = async (): Promise<Verified> =>
    JSON.parse((await ctl('--json', 'topics', 'verify')).stdout) as Verified;

  beforeAll(async () => {
    ({ brokers } = await sharedKafka());
    const env = { KAFKA_BROKERS: brokers, KAFKA_NAMESPACE: namespace };
    standalone = await TestStandalone.start({ dataDir, env });
    const list = join(projectRoot, 'examples', 'battery-list.csv');
    expect(await ctl('import', 'products', list)).not.toMatchObject({ exitCode: 1 });
  });

  afterAll(async () => {
    await standalone.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('are as the contracts say once the relay has made them', async () => {
    await until('published', async () => ((await verified()).topics[0]?.facts ?? 0) > 0);
    const { exitCode, stdout } = await ctl('topics', 'list');
    expect(exitCode).toBe(0);
    const rows = stdout.split('\n').map((row) => row.split('│').map((cell) => cell.trim()));
    const row = (topic: string) => rows.find((cells) => cells[1] === topic)?.slice(2, 6);
    expect(row(facts)).toEqual(['facts', '6', 'delete', 'for ever']);
    expect(row('voltrace.relay-position')?.slice(0, 3)).toEqual(['position', '1', 'compact']);
  });

  it('are verified: everything is there, once and in order', async () => {
    await until('all published', async () => {
      const last = await verified();
      return last.ok && last.topics[0]!.facts > 30;
    });
    const { exitCode, stdout } = await ctl('topics', 'verify');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(facts);
  });

  it('are verified: what somebody published again is found, and the exit code says so', async () => {
    const again = await firstRecord(brokers, `${namespace}.${facts}`);
    const { exitCode, stdout, stderr } = await ctl('topics', 'verify');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('doubled');
    expect(stderr).toContain('What is on Kafka is not what is in the log.');
    const { ok, topics } = await verified();
    expect(ok).toBe(false);
    expect(topics[0]!.facts).toBe(topics[0]!.expected + 1);
    expect(topics[0]!.differences).toMatchObject([
      { problem: 'doubled', stream: again.key?.toString() },
    ]);
  });

  it('are verified one at a time, and again when the one who asked is gone', async () => {
    const gone = new AbortController();
    const ask = (signal?: AbortSignal) =>
      standalone.fetch('/v1/fanout/topics/verify', { method: 'POST', ...(signal && { signal }) });
    // Sent at once, and again where the first was through before the second came.
    await until('two met', async () => {
      const answers = await Promise.all([ask(gone.signal), ask(gone.signal)]);
      const refused = answers.find(({ status }) => status !== 200);
      if (!refused) return false;
      expect(refused.status).toBe(409);
      expect(await refused.json()).toMatchObject({ code: 'VERIFY_RUNNING' });
      return true;
    });
    gone.abort();
    await until('free again', async () => {
      const third = await ask();
      const lines = (await third.text()).trim().split('\n');
      return third.status === 200 && lines.at(-1)?.startsWith('{"result":') === true;
    });
  });

  it('are verified: of a topic that is gone one line says so', async () => {
    const deleted = `${namespace}.${facts}`;
    const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await deleteTopic(admin, deleted);
    await admin.disconnect();
    const { exitCode, stdout } = await ctl('topics', 'verify');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /\n\nvoltrace\.product-registry\.v1: nothing is there of \d+ streams\.\n$/,
    );
    expect((await ctl('topics', 'list')).stdout).toMatch(`begins with ${namespace}.\n`);
  });
});

/** Reads the first record of a topic and sends it once more. */
async function firstRecord(brokers: string, topic: string): Promise<KafkaMessage> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${topic}.again` });
  const producer = kafka.producer();
  await Promise.all([consumer.connect(), producer.connect()]);
  await consumer.subscribe({ topic, fromBeginning: true });
  try {
    const message = await new Promise<KafkaMessage>((resolve, reject) => {
      const eachMessage = ({ message: first }: EachMessagePayload): Promise<void> => {
        resolve(first);
        return Promise.resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    const { key, value, headers = {} } = message;
    await producer.send({ topic, messages: [{ key, value, headers }] });
    return message;
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
  }
}
