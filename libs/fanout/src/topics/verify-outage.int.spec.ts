import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';
import { newEvent } from '#testing/new-event.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { Publication } from '../fact.js';
import { counterContract } from '../relay/test/counter-contract.js';
import { RelayFixture } from '../relay/test/fixture.js';
import { KafkaAccess } from './kafka-access.js';
import { HandMade, record } from './test/hand-made.js';
import { Verification, type VerifyResult } from './verify-topics.js';

/** A thousand events so large that a broker gives them in several answers. */
const countLarge = async (fixture: RelayFixture, stream: string): Promise<void> => {
  const note = 'x'.repeat(2_500);
  // In appends that a slow disk takes in time.
  for (let first = 0; first < 1_000; first += 250) {
    const events = Array.from({ length: 250 }, () => newEvent('Counted', { by: 1, note }));
    await fixture.log.append(stream, events, first === 0 ? 'no_stream' : BigInt(first - 1));
  }
};

describeWithKafkaPrograms('a verification whose broker takes its time, or stands still', () => {
  let kafka: OwnKafka;
  let fixture: RelayFixture;

  beforeAll(async () => {
    // As brokers come; ours are told to be quicker.
    kafka = await ownKafka({ settings: { 'group.initial.rebalance.delay.ms': 3_000 } });
    fixture = await RelayFixture.start(kafka.brokers);
  });

  afterAll(async () => {
    await fixture.stop();
    await kafka.dispose();
  });

  it('waits longer to be let in than for records that may not come', async () => {
    const hand = await HandMade.start(fixture);
    await fixture.count(10, ['counter-early']);
    const facts = await hand.facts();
    await hand.commit(facts.map(record), facts.at(-1));
    await hand.stop();
    const access = new KafkaAccess(fixture.settings, quiet);
    const publication = new Publication([counterContract]);
    const parts = { access, publication, log: fixture.log, quietMs: 1_500 };
    const verification = new Verification(parts, new AbortController().signal);
    await verification.prepare();
    expect(await verification.run()).toMatchObject({ ok: true });
  });

  it('ends with a refusal where it freezes, finds nothing missing, and can be had again', async () => {
    const hand = await HandMade.start(fixture);
    for (const stream of ['counter-a', 'counter-b']) await countLarge(fixture, stream);
    const facts = (await hand.facts()).filter(({ stream }) => stream !== 'counter-early');
    await hand.commit(facts.map(record), facts.at(-1));
    await hand.stop();
    const access = new KafkaAccess(fixture.settings, quiet);
    const publication = new Publication([counterContract]);
    const parts = { access, publication, log: fixture.log };
    const impatient = { ...parts, quietMs: 2_000 };
    const verification = new Verification(impatient, new AbortController().signal);
    await verification.prepare();
    const ended = new AbortController();
    const over = ended.signal;
    const run = verification.run().finally(() => {
      ended.abort();
    });
    const refused = expect(run).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    while (verification.progress.done === 0 && !over.aborted) await sleep(1);
    expect(verification.progress.done).toBeLessThan(facts.length);
    await kafka.broker.kill('SIGSTOP');
    // Frozen all the while: it ends by itself.
    await refused;
    await kafka.broker.kill('SIGCONT');
    let result: VerifyResult | undefined;
    await until('it can be had again', async () => {
      const again = new Verification(parts, new AbortController().signal);
      try {
        await again.prepare();
        result = await again.run();
        return true;
      } catch (error) {
        if (error instanceof Refusal) return false;
        throw error;
      }
    });
    expect(result).toMatchObject({ ok: true });
  });
});
