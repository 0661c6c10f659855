import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startKafkaBroker } from './broker.js';
import { fetchKafka } from './programs.js';

/** A broker writes the archive when it ends, which takes it some seconds. */
const writeMs = 60_000;

/**
 * Keeps the classes of a running broker as the JVM has them in memory, beside the programs, where they
 * are not kept yet: loading and verifying them takes half of what a start of Kafka costs, and a run of
 * the tests starts it a hundred times. Rejects as `fetchKafka` does; without the archive everything is
 * only slower.
 */
export async function ensureClassArchive(): Promise<void> {
  const { classArchive } = await fetchKafka();
  if (existsSync(classArchive)) return;
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-classes-'));
  // Of this run alone: the JVM believes an archive that two have written into.
  const writing = `${classArchive}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const javaOptions = [`-XX:ArchiveClassesAtExit=${writing}`];
    const broker = await startKafkaBroker({ folder, removeAfterwards: folder, javaOptions });
    await broker.stop(writeMs);
    const { signal } = await broker.ended;
    if (signal !== null) throw new Error(`the broker was ended by ${signal} while it wrote them`);
    renameSync(writing, classArchive);
  } catch (error) {
    process.stderr.write(`Kafka's classes are not kept in ${classArchive}: ${String(error)}\n`);
  } finally {
    for (const path of [folder, writing]) rmSync(path, { recursive: true, force: true });
  }
}
