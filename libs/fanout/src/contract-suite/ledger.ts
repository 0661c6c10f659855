import type { Consumer, ConsumerClient } from '../consumer.js';
import type { Fact } from '../fact.js';
import { tallyTopic } from './tally-contract.js';

/** Not idempotent by itself: what is handled twice stands here twice. */
export const ledgerTables = `
  create schema if not exists ledger;
  create table if not exists ledger.entry (
    id bigint generated always as identity primary key,
    consumer text not null,
    fact_id uuid not null,
    stream text not null,
    revision numeric(20) not null,
    commit_position numeric(20) not null,
    value integer not null
  )`;

export interface LedgerOptions {
  readonly name?: string;
  /** Runs before a fact is written down; may throw, or end the process. */
  readonly before?: (fact: Fact) => void | Promise<void>;
  /** Runs inside the transaction, when the rows of a batch are written. */
  readonly after?: (facts: readonly Fact[], client: ConsumerClient) => Promise<void>;
  readonly forget?: Consumer['forget'];
}

/** A consumer that writes every fact down, in the order in which it gets them. */
export const ledger = (options: LedgerOptions = {}): Consumer => {
  const name = options.name ?? 'ledger';
  return {
    name,
    topics: [tallyTopic],
    handle: async ({ facts }, client) => {
      for (const fact of facts) await options.before?.(fact);
      await client.query(
        `insert into ledger.entry (consumer, fact_id, stream, revision, commit_position, value)
         select $1, * from unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[], $6::integer[])`,
        [
          name,
          facts.map(({ id }) => id),
          facts.map(({ stream }) => stream),
          facts.map(({ revision }) => revision.toString()),
          facts.map(({ position }) => position.commit.toString()),
          facts.map(({ data }) => data['value']),
        ],
      );
      await options.after?.(facts, client);
    },
    forget:
      options.forget ??
      (async (after, client) => {
        await client.query(
          'delete from ledger.entry where consumer = $1 and commit_position > coalesce($2, -1)',
          [name, after?.commit.toString() ?? null],
        );
      }),
  };
};

/** Fails for facts that say so, as long as it is broken. */
export const failingLedger = ({
  broken = { is: true, with: 'told to fail' },
  tries = new Map<string, number>(),
  ...options
}: LedgerOptions & {
  readonly broken?: { readonly is: boolean; readonly with?: string };
  readonly tries?: Map<string, number>;
}): Consumer =>
  ledger({
    ...options,
    before: ({ id, data }: Fact) => {
      if (data['does'] !== 'fail' || !broken.is) return;
      tries.set(id, (tries.get(id) ?? 0) + 1);
      throw new Error(broken.with ?? 'told to fail');
    },
  });
