import { join } from 'node:path';

import { describe, it } from 'vitest';

import { readJsonFile, writePrivateFile } from '#embedded/files.js';
import { NeedsOperator } from '#embedded/needs-operator.js';

import { locked, runFolder } from '../run-folder.js';
import { ensureClassArchive } from './class-archive.js';
import { fetchKafka } from './programs.js';

/** Whether this machine can run Kafka, found out once per test run. */
interface Verdict {
  readonly missing: string | null;
}

/** Fetched while the test file loads: whether tests are skipped must be known before the first one runs. */
const { missing } = await verdictOfRun();
const cluster = process.env['KAFKA_BROKERS'];
const required = process.env['VOLTRACE_REQUIRE_KAFKA'] === '1';

/**
 * Tests against `sharedKafka()`. Skipped, with the reason in their name, where there is neither
 * `KAFKA_BROKERS` nor a way to run Kafka here; they fail instead under `VOLTRACE_REQUIRE_KAFKA=1`.
 */
export function describeWithKafka(name: string, tests: () => void): void {
  const neither = missing && `${missing} Nor does KAFKA_BROKERS name another cluster.`;
  describeUnless(cluster ? null : neither, name, tests);
}

/** Tests that start a broker themselves (`ownKafka`) or read by `readTopicIndependently`: another cluster is no help. */
export function describeWithKafkaPrograms(name: string, tests: () => void): void {
  describeUnless(missing, name, tests);
}

function describeUnless(reason: string | null, name: string, tests: () => void): void {
  if (reason === null) {
    describe(name, tests);
  } else if (required) {
    describe(name, () => {
      it('has an Apache Kafka to run against', () => {
        throw new Error(reason);
      });
    });
  } else {
    // The summary of the run finds the reason by this form.
    describe.skip(`${name} [skipped: ${reason}]`, tests);
  }
}

async function verdictOfRun(): Promise<Verdict> {
  const note = join(runFolder(), 'kafka-programs.json');
  const known = readJsonFile<Verdict>(note);
  if (known) return known;
  return locked(join(runFolder(), 'kafka-programs.lock'), async () => {
    const verdict = readJsonFile<Verdict>(note) ?? { missing: await whatIsMissing() };
    writePrivateFile(note, JSON.stringify(verdict));
    return verdict;
  });
}

async function whatIsMissing(): Promise<string | null> {
  try {
    await fetchKafka({ say: (message) => process.stderr.write(`${message}\n`) });
    await ensureClassArchive();
    return null;
  } catch (error) {
    if (error instanceof NeedsOperator) return error.message;
    throw error;
  }
}
