import { createRequire } from 'node:module';

import { type KafkaJSError, type KafkaJSProtocolError } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { describeFailure, isFencing, isTooLarge } from './failures.js';

interface KafkaErrors {
  KafkaJSProtocolError: new (error: object) => KafkaJSProtocolError;
  KafkaJSCreateTopicError: new (error: object, topic: string) => Error;
  KafkaJSAggregateError: new (message: string, errors: readonly Error[]) => Error;
  KafkaJSNonRetriableError: new (error: Error, options: object) => KafkaJSError;
}
const errors = createRequire(import.meta.url)('kafkajs') as KafkaErrors;

/** As kafkajs throws what a broker answered: wrapped, once it is not to be tried again. */
const answered = (type: string, message: string): Error => {
  const cause = new errors.KafkaJSProtocolError({ type, message, code: 1, retriable: false });
  return new errors.KafkaJSNonRetriableError(cause, { cause });
};

describe('a failure', () => {
  it('is told by what the broker said, under its name', () => {
    const error = answered('MESSAGE_TOO_LARGE', 'The request included a message larger');
    expect(describeFailure(error)).toBe('MESSAGE_TOO_LARGE: The request included a message larger');
    expect(isTooLarge(error)).toBe(true);
  });

  it('is told by what the broker said of the topic that could not be made', () => {
    const answer = { type: 'INVALID_REPLICATION_FACTOR', message: 'too few brokers', code: 38 };
    const of = new errors.KafkaJSCreateTopicError(answer, 'voltrace.x.v1');
    const error = new errors.KafkaJSAggregateError('Topic creation errors', [of]);
    expect(describeFailure(error)).toBe(
      'topic voltrace.x.v1: INVALID_REPLICATION_FACTOR: too few brokers',
    );
  });

  it('is told by what we say of it', () => {
    const cause = answered('MESSAGE_TOO_LARGE', 'too large');
    const error = new Error('the event 17 is larger than its topic takes', { cause });
    expect(describeFailure(error)).toBe('the event 17 is larger than its topic takes');
    expect(isTooLarge(error)).toBe(true);
  });

  it.each([
    ['INVALID_PRODUCER_EPOCH', 'an operation with an old epoch'],
    ['INVALID_TXN_STATE', 'a transactional operation in an invalid state'],
    ['INVALID_PRODUCER_ID_MAPPING', 'a producer id that is not assigned to it'],
    ['KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 90'],
  ])('%s: %s means that the relay is fenced', (type, message) => {
    expect(isFencing(answered(type, message))).toBe(true);
  });

  it.each([
    ['CONCURRENT_TRANSACTIONS', 'another concurrent operation'],
    ['KAFKAJS_UNKNOWN_ERROR_CODE', 'Unknown error code 900'],
    ['NOT_LEADER_FOR_PARTITION', 'not the leader'],
  ])('%s: %s does not', (type, message) => {
    expect(isFencing(answered(type, message))).toBe(false);
  });
});
