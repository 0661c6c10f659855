import type { ConsumerClient } from '#fanout/consumer.js';
import type { Fact } from '#fanout/fact.js';

import { keepChunks } from './chunks.js';
import { type Added, computeStatistics, type Experiment } from './compute.js';
import { type ExperimentRow, optionsOf, readExperiments } from './experiments.js';
import { changesIn, type Chunk, chunksIn, type ExperimentChange } from './facts.js';

/** Takes the facts in the client's transaction: records and what is known of experiments, and computes what follows. */
export const takeFacts = async (facts: readonly Fact[], client: ConsumerClient): Promise<void> => {
  const changes = changesIn(facts);
  const chunks = chunksIn(facts);
  const ids = [...new Set([...changes, ...chunks.map(idOfChunk)].map(({ id }) => id))].sort();
  if (ids.length === 0) return;
  const before = await claim(client, ids);
  await keepChanges(client, changes);
  const news = await keepChunks(client, chunks);
  const after = await readExperiments(client, ids);
  for (const id of ids) {
    const experiment = asComputed(after.get(id));
    if (!experiment) continue;
    // What was computed by other options, or not at all, is computed from the beginning.
    const isAnew = JSON.stringify(asComputed(before.get(id))?.options) !== optionsText(experiment);
    const hasJustEnded = experiment.hasEnded && before.get(id)?.has_ended !== true;
    const added = firstOf(news.filter(({ experimentId }) => experimentId === id));
    if (!isAnew && !added && !hasJustEnded) continue;
    await computeStatistics(client, experiment, isAnew ? undefined : (added ?? nothing));
  }
};

/** Forgets all records and what was computed of them. */
export const forgetRecords = async (client: ConsumerClient): Promise<void> => {
  for (const table of ['experiment', 'chunk', 'statistics_state', 'step', 'cycle']) {
    await client.query(`delete from lab_records.${table}`);
  }
};

const idOfChunk = ({ experimentId }: Chunk): { readonly id: string } => ({ id: experimentId });
const optionsText = ({ options }: Experiment): string => JSON.stringify(options);

/** After all that there is. */
const nothing: Added = { testTimeS: Infinity, position: 0n };

const firstOf = (chunks: readonly Chunk[]): Added | undefined => {
  const all = chunks.map(({ firstTestTimeS, position }) => ({
    ...{ testTimeS: firstTestTimeS, position: BigInt(position) },
  }));
  return all.sort((a, b) => a.testTimeS - b.testTimeS || Number(a.position - b.position))[0];
};

/** Undefined where it is not known yet by which options it is to be computed. */
const asComputed = (row: ExperimentRow | undefined): Experiment | undefined =>
  row?.cycle_definition
    ? { id: row.id, hasEnded: row.has_ended, options: optionsOf(row) }
    : undefined;

/**
 * The experiments as they are, kept from others until the end of the transaction: facts of one and its records come in
 * transactions of their own. In the order of their ids, so that nobody waits in a ring.
 */
const claim = async (
  client: ConsumerClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ExperimentRow>> => {
  await client.query(
    `insert into lab_records.experiment (id) select * from unnest($1::text[]) on conflict do nothing`,
    [ids],
  );
  await client.query(
    'select from lab_records.experiment where id = any($1) order by id for update',
    [ids],
  );
  return readExperiments(client, ids);
};

const keepChanges = async (
  client: ConsumerClient,
  changes: readonly ExperimentChange[],
): Promise<void> => {
  for (const { id, nominalCapacityAh, longestIntervalS, cycle, hasEnded } of changes) {
    await client.query(
      `update lab_records.experiment
          set nominal_capacity_ah = coalesce($2, nominal_capacity_ah),
              longest_interval_s = coalesce($3, longest_interval_s),
              cycle_definition = coalesce($4, cycle_definition),
              has_ended = has_ended or $5
        where id = $1`,
      [
        ...[id, nominalCapacityAh ?? null, longestIntervalS ?? null],
        ...[cycle ?? null, hasEnded ?? false],
      ],
    );
  }
};
