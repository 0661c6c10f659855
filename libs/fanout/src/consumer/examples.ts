import type {
  ConsumerReset,
  DeadLetterDiscarded,
  DeadLetterFacts,
  DeadLettersRetried,
} from './events.js';

export const consumerReset: ConsumerReset = { type: 'ConsumerReset', data: { to: '1289' } };

const letter: DeadLetterFacts = {
  topic: 'voltrace.product-registry.v1',
  key: 'product-6f1c0c52-3f39-5f0e-8a0b-7a4b3d1f2e10',
  factId: '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11',
  type: 'voltrace.product-registry.ElementsSet.v1',
  error: 'error: invalid input syntax for type numeric: "n/a"',
};

export const deadLettersRetried: DeadLettersRetried = {
  type: 'DeadLettersRetried',
  data: { letter },
};

export const deadLetterDiscarded: DeadLetterDiscarded = {
  type: 'DeadLetterDiscarded',
  data: { letter: { ...letter, type: null, error: 'no fact: ce_specversion is missing' } },
};
