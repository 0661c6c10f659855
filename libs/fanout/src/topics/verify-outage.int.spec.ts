import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { Publication } from '../fact.js';
import { counterContract } from '../relay/test/counter-contract.js';
import { RelayFixture } from '../relay/test/fixture.js';
import { KafkaAccess } from './kafka-access.js';
import { HandMade, record } from './test/hand-made.js';
import { Verification } from './verify-topics.js';

describeWithKafkaPrograms('a verification whose broker freezes', () => {
  let kafka: OwnKafka;
  let fixture: RelayFixture;

  beforeAll(async () => {
    kafka = await ownKafka();
    fixture = await RelayFixture.start(kafka.brokers);
  });

  afterAll(async () => {
    await fixture.stop();
    await kafka.dispose();
  });

  it('ends with a refusal and finds nothing missing, and can be had again', async () => {
    const hand = await HandMade.start(fixture);
    for (let times = 0; times < 10; times += 1) {
      await fixture.count(1_000, ['counter-a', 'counter-b']);
    }
    const facts = await hand.facts();
    await hand.commit(facts.map(record), facts.at(-1));
    await hand.stop();
    const access = new KafkaAccess(fixture.settings, quiet);
    const publication = new Publication([counterContract]);
    const parts = { access, publication, log: fixture.log, quietMs: 2_000 };
    const verification = new Verification(parts, new AbortController().signal);
    await verification.prepare();
    const refused = expect(verification.run()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    while (verification.progress.done === 0) await sleep(1);
    expect(verification.progress.done).toBeLessThan(facts.length);
    await kafka.broker.kill('SIGSTOP');
    const started = performance.now();
    await refused;
    expect(performance.now() - started).toBeLessThan(40_000);
    await kafka.broker.kill('SIGCONT');
    const again = new Verification(parts, new AbortController().signal);
    await until('back', () =>
      again.prepare().then(
        () => true,
        () => false,
      ),
    );
    expect(await again.run()).toMatchObject({ ok: true });
  });
});
