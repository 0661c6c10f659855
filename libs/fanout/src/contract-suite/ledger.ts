import { ledgerOf, type LedgerOptions } from '#subscription/test/ledger.js';

import type { Consumer } from '../consumer.js';
import type { Fact } from '../fact.js';
import { counterContract } from '../relay/test/counter-contract.js';

export const counterTopic = counterContract.topic;

/** A consumer that writes every fact down, in the order in which it gets them. */
export const ledger = (options: LedgerOptions<Fact> = {}): Consumer => {
  const { name, forget, handle } = ledgerOf(options);
  return {
    ...{ name, forget },
    topics: [counterTopic],
    handle: ({ facts }, client) => handle(facts, client),
  };
};

/** What makes facts fail that ask for it. */
export interface Failure {
  broken: boolean;
  message?: string;
}

export const failureMessage = 'it fails on request';

/** Fails for facts that ask for it, as long as it is broken. */
export const failingLedger = ({
  failure = { broken: true },
  tries = new Map<string, number>(),
  ...options
}: LedgerOptions<Fact> & {
  readonly failure?: Failure;
  readonly tries?: Map<string, number>;
}): Consumer =>
  ledger({
    ...options,
    before: ({ id, data }: Fact) => {
      if (data['does'] !== 'fail' || !failure.broken) return;
      tries.set(id, (tries.get(id) ?? 0) + 1);
      throw new Error(failure.message ?? failureMessage);
    },
  });
