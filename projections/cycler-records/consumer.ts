import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';

import type { Batch } from '#fanout/consumer.js';
import type { DeclaredConsumer } from '#fanout/nest/declared-consumer.js';
import { FanoutContext } from '#fanout/nest/fanout-context.js';

import { forgetRecords, takeFacts } from './take-facts.js';

/** Names its offsets and its Kafka group: permanent. */
export const cyclerRecords = 'cycler-records';

const facts = 'voltrace.battery-lab.v1';
const samples = 'voltrace.battery-lab.samples.v1';

/**
 * What a batch may take. Seldom all records of an experiment are computed anew in one: where its cycles are not those
 * that were expected, or where its records come before it, after a reset. A hundred million take about this long.
 */
const longestMs = 2 * 60 * 60_000;

/** Keeps `lab_records`: what was recorded in experiments, and the statistics of their steps and cycles. */
@Controller()
export class CyclerRecordsConsumer {
  // The type argument picks the overload that lets a handler say what its context is.
  @EventPattern<typeof facts>(facts, { consumer: cyclerRecords })
  async experiments(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): Promise<void> {
    await takeFacts(batch.facts, client);
  }

  @EventPattern<typeof samples>(samples, { consumer: cyclerRecords })
  async records(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): Promise<void> {
    await takeFacts(batch.facts, client);
  }
}

export const cyclerRecordsConsumer: DeclaredConsumer = {
  name: cyclerRecords,
  topics: [facts, samples],
  controller: CyclerRecordsConsumer,
  forgets:
    'the records of all experiments and the statistics of their steps and cycles, which then fill anew',
  startOnly: 'it keeps statistics, which do not say of which facts they are made',
  handlerTimeoutMs: longestMs,
  forget: (_, client) => forgetRecords(client),
};
