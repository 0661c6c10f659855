import { afterEach, beforeEach, expect, it } from 'vitest';

import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { quiet } from '#testing/quiet.js';

import { partitionerFor } from '../cluster/partitioner.js';
import { type Fact, Publication } from '../fact.js';
import { counterContract } from '../relay/test/counter-contract.js';
import { RelayFixture } from '../relay/test/fixture.js';
import { KafkaAccess } from './kafka-access.js';
import { HandMade, record } from './test/hand-made.js';
import { type TopicVerification, verifyLines, type VerifyResult } from './verify-topics.js';

const streams = ['counter-a', 'counter-b', 'counter-c', 'counter-d'];

describeWithKafka('a verification', () => {
  let fixture: RelayFixture;
  let hand: HandMade;

  beforeEach(async () => {
    const retention = { KAFKA_RETENTION_MS: 3_600_000 };
    fixture = await RelayFixture.start((await sharedKafka()).brokers, retention);
    hand = await HandMade.start(fixture);
    await fixture.count(10, streams);
  });

  afterEach(async () => {
    await hand.stop();
    await fixture.stop();
  });

  const verified = async (): Promise<VerifyResult> => {
    const access = new KafkaAccess(fixture.settings, quiet);
    const publication = new Publication([counterContract]);
    const parts = { access, publication, log: fixture.log };
    for await (const line of verifyLines(parts)) {
      if ('result' in line) return line.result;
    }
    throw new Error('it ended without a result');
  };

  const topic = async (): Promise<TopicVerification> => (await verified()).topics[0]!;

  const differences = async (): Promise<string[]> =>
    (await topic()).differences.map(
      ({ stream, problem, expected, found }) =>
        `${String(stream)} ${problem} ${String(found)}/${String(expected)}`,
    );

  const groups = () =>
    fixture.admin(async (admin) => {
      const { groups: all } = await admin.listGroups();
      const own = `${fixture.settings.KAFKA_NAMESPACE ?? ''}.`;
      return all.filter(({ groupId }) => groupId.startsWith(own));
    });

  it('finds nothing wrong with what the relay published, and leaves nothing behind', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await relay.stop();
    const result = await verified();
    expect(result).toMatchObject({ ok: true });
    expect(result.topics).toEqual([
      {
        topic: 'voltrace.counter.v1',
        exists: true,
        position: relay.status.position?.commit.toString(),
        expired: 0,
        streams: 4,
        facts: 32,
        expected: 32,
        differences: [],
        differenceCount: 0,
      },
    ]);
    expect(await groups()).toEqual([]);
  });

  it('counts what is committed, through the position of the relay', async () => {
    const facts = await hand.facts();
    await hand.abort(facts.slice(0, 5).map(record));
    await hand.commit(facts.map(record), facts.at(-1));
    await hand.abort(facts.slice(0, 5).map(record));
    await fixture.count(10, [...streams, 'counter-later']);
    const later = (await hand.facts()).slice(facts.length);
    await hand.commit(later.slice(0, 3).map(record));
    const open = await hand.send(later.slice(3).map(record));
    expect(await topic()).toMatchObject({ streams: 4, facts: 32, expected: 32, differences: [] });
    await open.abort();
  });

  const changed: [string, (facts: Fact[]) => Fact[], string[]][] = [
    ['a missing fact', (facts) => facts.toSpliced(9, 1), ['counter-b missing 7/8']],
    ['a doubled one', (facts) => facts.toSpliced(9, 0, facts[9]!), ['counter-b doubled 9/8']],
    ['one that came again later', (facts) => [...facts, facts[0]!], ['counter-a doubled 9/8']],
    [
      'two in each other’s place',
      (facts) => facts.toSpliced(9, 2, facts[10]!, facts[9]!),
      ['counter-b out-of-order 8/8'],
    ],
    [
      'one of a stream that is not in the log',
      (facts) => facts.toSpliced(9, 0, { ...facts[0]!, stream: 'counter-z' }),
      ['counter-z unknown 1/0'],
    ],
    ['a whole stream that is missing', (facts) => facts.slice(8), ['counter-a missing 0/8']],
  ];

  it.each(changed)('finds %s', async (_, change, found) => {
    const facts = await hand.facts();
    await hand.commit(change(facts).map(record), facts.at(-1));
    expect(await differences()).toEqual(found);
    expect(await verified()).toMatchObject({ ok: false });
  });

  it('finds records that are no facts, and says why', async () => {
    const facts = await hand.facts();
    const foreign = { key: 'counter-a', value: 'hello' };
    await hand.commit([...facts.map(record), foreign], facts.at(-1));
    const { differences: all } = await topic();
    expect(all).toMatchObject([{ stream: null, problem: 'unknown' }]);
    expect(all[0]!.detail).toMatch(/^at \d+ is no fact: content-type is missing/);
  });

  it('tells what the retention gave up from what is missing behind it', async () => {
    const facts = await hand.facts();
    const lost = facts.findLast(({ stream }) => stream === 'counter-b')!;
    await hand.commit(facts.filter((fact) => fact !== lost).map(record), facts.at(-1));
    const partition = partitionerFor(fixture.topic, counterContract.partitions)('counter-b');
    await fixture.admin(async (admin) => {
      const { topic: name } = fixture;
      // Without it kafkajs does not know who leads the partition.
      await admin.fetchTopicOffsets(name);
      await admin.deleteTopicRecords({ topic: name, partitions: [{ partition, offset: '3' }] });
    });
    expect(await topic()).toMatchObject({
      expired: 3,
      expected: facts.length - 3,
      facts: facts.length - 4,
      differences: [{ stream: 'counter-b', problem: 'missing' }],
    });
  });

  it('finds a topic that was made anew, and one that has no position', async () => {
    const facts = await hand.facts();
    await hand.commit(facts.map(record));
    expect((await topic()).differences).toMatchObject([
      { problem: 'unknown', detail: 'the topic holds records, and the relay no position for it' },
    ]);
    await hand.commit([], facts.at(-1));
    expect(await differences()).toEqual([]);
    await fixture.deleteTopic(fixture.topic);
    const gone = await topic();
    expect(gone).toMatchObject({ exists: false, facts: 0, expected: 32 });
    expect(gone.differences.filter(({ stream }) => stream !== null)).toHaveLength(4);
    expect(gone.differences[0]!.detail).toMatch(/ends at 0, and the relay wrote up to \d/);
    expect(gone.differences.map(({ problem }) => problem)).toEqual(
      gone.differences.map(() => 'missing'),
    );
  });
});
