import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from './describe-with-kafka.js';
import { fetchKafka } from './programs.js';
import { runProgram } from './run-program.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-fetch-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const freshCache = (): string => mkdtempSync(join(root, 'cache-'));

/** An environment whose programs are these shell scripts and, behind them, those of `rest`. */
function environment(
  scripts: Readonly<Record<string, string>>,
  rest: readonly string[] = [],
): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(root, 'bin-'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: [bin, ...rest].join(delimiter), VOLTRACE_CACHE_DIR: freshCache() };
}

const java = (version: string): string => `echo 'openjdk version "${version}" 2025-04-15' >&2`;

describe('fetching Kafka', () => {
  it('says that Java is missing or too old', async () => {
    await expect(fetchKafka({ env: environment({}) })).rejects.toThrow(
      'Java is missing (java): Kafka needs Java 17 or newer.',
    );
    const old = fetchKafka({ env: environment({ java: java('11.0.2') }) });
    await expect(old).rejects.toThrow(/Java is too old \(java is version 11\)/);
  });

  it('says that Maven is missing', async () => {
    const fetching = fetchKafka({ env: environment({ java: java('17.0.15') }) });
    await expect(fetching).rejects.toThrow('Maven is missing (mvn)');
  });

  it('says why Maven failed, and leaves nothing behind', async () => {
    const mvn = "echo '[INFO] one'; echo '[ERROR] Unknown host repo.example'; exit 1";
    const env = environment({ java: java('21'), mvn });
    await expect(fetchKafka({ env })).rejects.toThrow(
      /could not fetch .*Unknown host repo.example/,
    );
    expect(readdirSync(env['VOLTRACE_CACHE_DIR']!)).toEqual([]);
  });

  it('gives a Maven that hangs up', async () => {
    const env = environment({ java: java('21'), mvn: 'sleep 5' }, ['/bin', '/usr/bin']);
    const fetching = fetchKafka({ env, timeoutMs: 200 });
    await expect(fetching).rejects.toThrow('it took longer than 0.2 s');
  });
});

describeWithKafkaPrograms('fetching Kafka with Maven', () => {
  it('gives two that ask at once one whole copy, whatever killed fetches left there', async () => {
    const cache = freshCache();
    const abandoned = join(cache, 'kafka-4.1.1.0123456789ab.tmp');
    mkdirSync(abandoned);
    utimesSync(abandoned, 1_000, 1_000);
    const env = { ...process.env, VOLTRACE_CACHE_DIR: cache };
    const [one, other] = await Promise.all([fetchKafka({ env }), fetchKafka({ env })]);
    expect(one).toEqual(other);
    expect(readdirSync(cache)).toEqual(['kafka-4.1.1']);
    expect(existsSync(join(cache, 'kafka-4.1.1', 'lib', 'kafka_2.13-4.1.1.jar'))).toBe(true);
  }, 300_000);

  it('starts Java with classes that are kept in memory form', async () => {
    const { java, javaOptions, classArchive } = await fetchKafka();
    expect(javaOptions).toContain(`-XX:SharedArchiveFile=${classArchive}`);
    // Fails where the archive does not fit these jars and this Java.
    const args = ['-Xshare:on', ...javaOptions, 'kafka.tools.StorageTool', 'random-uuid'];
    const { code, output } = await runProgram(java, args, { timeoutMs: 60_000 });
    expect(output).toMatch(/^[\w-]{22}$/m);
    expect(code).toBe(0);
  });
});
