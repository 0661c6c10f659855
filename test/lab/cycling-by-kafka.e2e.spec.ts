import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';

import { LabSystem, type Station } from './lab-system.js';
import { runTenCycles } from './ten-cycles.js';

describeWithKafkaPrograms('a lab whose facts come by Kafka', () => {
  let kafka: OwnKafka;
  let lab: LabSystem;
  let station: Station;
  beforeAll(async () => {
    kafka = await ownKafka();
    lab = await LabSystem.start({ KAFKA_BROKERS: kafka.brokers });
    station = await lab.newStation();
  }, 180_000);
  afterAll(async () => {
    await lab.stop();
    await kafka.dispose();
  });

  it('runs ten cycles to their end, supervised and recorded', async () => {
    await runTenCycles(lab, station);
    for (const name of ['cycler-control', 'cycler-records']) {
      const { partitions } = await lab.get(`/v1/subscriptions/${name}`);
      // Offsets are those of a topic: by the log they would be its positions.
      const read = partitions as readonly {
        readonly nextOffset: string;
        position: string;
      }[];
      expect(read.some(({ nextOffset, position }) => nextOffset !== position)).toBe(true);
    }
  }, 300_000);
});
