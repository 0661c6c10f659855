import { describe, expect, it } from '@jest/globals';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { DiscardDeadLetter, ResetConsumer, RetryDeadLetters } from './commands.js';
import { consumerDecider } from './decider.js';
import { consumerReset, deadLetterDiscarded, deadLettersRetried } from './examples.js';

const given = givenFor(consumerDecider);
const meta = commandMeta({ reason: 'the handler forgot a column' });
const reset = (to: string | null, commandMetadata = meta) =>
  new ResetConsumer({ to }, commandMetadata);

describe('the control of a consumer', () => {
  it('resets to a position, and to the start', () => {
    given().when(reset(consumerReset.data.to)).then(consumerReset);
    given()
      .when(reset(null))
      .then({ ...consumerReset, data: { to: null } });
  });

  it('resets as often as it is asked', () => {
    given(consumerReset).when(reset(consumerReset.data.to)).then(consumerReset);
  });

  it.each(['', '-1', '01', '1.5', 'start', '9'.repeat(20)])(
    'takes no "%s" for a position',
    (to) => {
      const refusal = given().when(reset(to)).thenRefused('POSITION_INVALID');
      expect(refusal.details.errors?.[0]?.pointer).toBe('/to');
    },
  );

  it.each([undefined, ' '])('asks why it is reset (%p)', (reason) => {
    const without = commandMeta(reason === undefined ? {} : { reason });
    const refusal = given().when(reset('1', without)).thenRefused('REASON_MISSING');
    expect(refusal.details.errors?.[0]?.pointer).toBe('/reason');
  });

  it('retries the dead letters of one key, and all of them', () => {
    given()
      .when(new RetryDeadLetters(deadLettersRetried.data, commandMeta()))
      .then(deadLettersRetried);
    given(deadLettersRetried)
      .when(new RetryDeadLetters({ letter: null }, commandMeta()))
      .then({ ...deadLettersRetried, data: { letter: null } });
  });

  it('gives a dead letter up, for a reason', () => {
    const discard = (metadata = meta) => new DiscardDeadLetter(deadLetterDiscarded.data, metadata);
    given().when(discard()).then(deadLetterDiscarded);
    const refusal = given().when(discard(commandMeta())).thenRefused('REASON_MISSING');
    expect(refusal.details.errors?.[0]?.pointer).toBe('/reason');
  });
});
