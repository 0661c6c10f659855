import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { NeedsOperator } from '#embedded/needs-operator.js';

import { runProgram } from './run-program.js';

export const kafkaVersion = '4.1.1';

/** Kafka's jars and the Java that runs them. */
export interface KafkaPrograms {
  readonly java: string;
  /** Options that every Java process of ours starts with: the classes and where log lines go. */
  readonly javaOptions: readonly string[];
  /** Where the classes are kept as this Java has them in memory; see `class-archive.ts`. */
  readonly classArchive: string;
}

const oldestJava = 17;
const fetchTimeoutMs = 5 * 60 * 1_000;
const staleMs = 60 * 60 * 1_000;

/** Named with its version: programs that all use the same plugin get the same files. */
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Kafka names no logger of its own; this is the one that its distribution comes with. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>voltrace</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
    ${dependency('org.apache.kafka', 'kafka-tools', kafkaVersion)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3')}
  </dependencies>
</project>
`;

/** To standard error: what the console consumer reads goes to standard output. */
const logging = `status = warn
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
rootLogger.level = \${sys:voltrace.log.level:-info}
rootLogger.appenderRef.err.ref = err
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
`;

/** Outside of the source tree, so that all checkouts of one user share it. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env['VOLTRACE_CACHE_DIR'] ??
    join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'voltrace')
  );
}

export interface FetchOptions {
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** Told when there is something to wait for. */
  readonly say?: (message: string) => void;
}

/**
 * Apache Kafka's own published artifacts, fetched with Maven where the cache does not hold them yet.
 * Safe to call from several processes at once. Throws `NeedsOperator` with one sentence when Java or
 * Maven is missing or the fetch fails.
 */
export async function fetchKafka(options: FetchOptions = {}): Promise<KafkaPrograms> {
  const { java, version } = await usableJava(options.env);
  const folder = join(cacheFolder(options.env), `kafka-${kafkaVersion}`);
  if (!existsSync(folder)) {
    options.say?.(`Fetching Apache Kafka ${kafkaVersion} with Maven into ${folder} (once) ...`);
    await fetchInto(folder, options);
  }
  const config = join(folder, 'log4j2.properties');
  const classArchive = join(folder, `classes-${version}.jsa`);
  return {
    java,
    classArchive,
    javaOptions: [
      ...['-cp', join(folder, 'lib', '*'), `-Dlog4j2.configurationFile=${config}`],
      // An archive that does not fit is passed over; the JVM would say so among what was read.
      ...['-Xlog:disable', '-Xlog:all=error:stderr'],
      ...(existsSync(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : []),
    ],
  };
}

async function usableJava(
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ java: string; version: string }> {
  const home = env['JAVA_HOME'];
  const java = home ? join(home, 'bin', 'java') : 'java';
  const found = await runProgram(java, ['-version'], { env, timeoutMs: 30_000 });
  if (found.code !== 0) {
    throw new NeedsOperator(`Java is missing (${java}): Kafka needs Java ${oldestJava} or newer.`);
  }
  const [, version = '', major] = /version "((\d+)[\w.+-]*)"/.exec(found.output) ?? [];
  if (Number(major) >= oldestJava) return { java, version };
  throw new NeedsOperator(
    `Java is too old (${java} is version ${major}): Kafka needs Java ${oldestJava} or newer.`,
  );
}

/** Under another name until it is whole: who finishes second throws his copy away. */
async function fetchInto(folder: string, options: FetchOptions): Promise<void> {
  const fetching = `${folder}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(fetching, { recursive: true });
    removeAbandoned(dirname(folder));
    writeFileSync(join(fetching, 'pom.xml'), pom);
    writeFileSync(join(fetching, 'log4j2.properties'), logging);
    await copyJars(fetching, options);
    renameSync(fetching, folder);
  } catch (error) {
    if (existsSync(folder)) return;
    throw error;
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
}

async function copyJars(folder: string, options: FetchOptions): Promise<void> {
  const args = ['-q', '-B', '-C', copyDependencies, `-DoutputDirectory=${join(folder, 'lib')}`];
  const { env, timeoutMs = fetchTimeoutMs } = options;
  const maven = await runProgram('mvn', args, { cwd: folder, env, timeoutMs });
  if (maven.code === 0) return;
  if (maven.startError === 'ENOENT') {
    throw new NeedsOperator(`Maven is missing (mvn): it fetches Apache Kafka ${kafkaVersion}.`);
  }
  const why = maven.timedOut
    ? `it took longer than ${timeoutMs / 1_000} s`
    : firstError(maven.output);
  throw new NeedsOperator(`Maven could not fetch Apache Kafka ${kafkaVersion}: ${why}`);
}

function firstError(output: string): string {
  const lines = output.split('\n');
  return (lines.find((line) => line.includes('ERROR')) ?? lines[0] ?? '').slice(0, 500);
}

/** What killed fetches left behind. */
function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache).filter((entry) => /^kafka-.*\.tmp$/.test(entry))) {
    const path = join(cache, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleMs) rmSync(path, { recursive: true, force: true });
  }
}

function dependency(group: string, artifact: string, version: string): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
}
