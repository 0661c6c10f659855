import { type ChildProcess, spawn } from 'node:child_process';

import type { KafkaPrograms } from './programs.js';

export interface ConsumerRun {
  /** What follows the name of the tool. */
  readonly args: readonly string[];
  readonly onOutput: (text: string) => void;
  /** Without a word for this long, once it stands at the beginning of its partitions, it is stopped. */
  readonly quietMs: number;
  /** Whether what was read may be all there is. While it is not, a longer silence is waited out. */
  readonly hasEnough: () => boolean;
  /** Whether the end is reached, but perhaps for one record: then a moment of silence is enough. */
  readonly isAtEnd?: () => boolean;
}

export interface ConsumerEnd {
  /** Of records, as the tool counts them. */
  readonly processed: number;
  /** Undefined where all went well. */
  readonly problem: string | undefined;
}

/** A healthy one needs seconds on a busy machine; the tool itself would knock for ever. */
const startMs = 120_000;
const silenceMs = 60_000;
const momentMs = 500;
const endMs = 60_000;
const enough = 5;
const standsAtBeginning = 'Resetting offset for partition';
const nothingToRead = /UNKNOWN_TOPIC_OR_PARTITION|could not be established/g;
/** What Java exits with after a SIGTERM that it acted upon. */
const stoppedByUs = 143;

/**
 * Runs Kafka's console consumer until its topic has no more to give. Its own time limit would count
 * the time that it takes to start, and it calls a missing topic and a silent broker an empty topic.
 * Rejects with what `onOutput` throws.
 */
export async function runConsoleConsumer(
  programs: KafkaPrograms,
  run: ConsumerRun,
): Promise<ConsumerEnd> {
  const consumer = spawn(
    programs.java,
    [
      ...[...programs.javaOptions, '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['org.apache.kafka.tools.consumer.ConsoleConsumer', ...run.args],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const stop = new Stop(consumer, run);
  let log = '';
  let thrown: unknown;
  consumer.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-16_000);
    stop.logged(text);
  });
  consumer.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (thrown !== undefined) return;
    try {
      run.onOutput(text);
      stop.postpone();
    } catch (error) {
      thrown = error;
      consumer.kill('SIGKILL');
    }
  });
  const code = await endOf(consumer).finally(() => stop.cancel());
  if (thrown !== undefined) throw thrown as Error;
  return {
    processed: Number(/Processed a total of (\d+) messages/.exec(log)?.[1] ?? NaN),
    problem: stop.reason ?? problemIn(log, code),
  };
}

/** Decides when the consumer has read enough, or will never read anything. */
class Stop {
  /** Why it was stopped, where it did not read to the end. */
  reason: string | undefined;
  private started = false;
  private stopped = false;
  private failures: string[] = [];
  private timer: NodeJS.Timeout;

  constructor(
    private readonly consumer: ChildProcess,
    private readonly run: Pick<ConsumerRun, 'quietMs' | 'hasEnough' | 'isAtEnd'>,
  ) {
    this.timer = setTimeout(() => this.giveUp(`it did not start within ${startMs} ms`), startMs);
  }

  logged(text: string): void {
    if (this.started || text.includes(standsAtBeginning)) {
      this.started = true;
      this.postpone();
      return;
    }
    this.failures.push(...(text.match(nothingToRead) ?? []));
    if (this.failures.length >= enough) this.giveUp(this.failures.join(', '));
  }

  postpone(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    const { quietMs, hasEnough, isAtEnd } = this.run;
    const restMs = isAtEnd?.() === true ? momentMs : quietMs;
    this.timer = setTimeout(() => this.now(), hasEnough() ? restMs : silenceMs);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }

  private giveUp(reason: string): void {
    this.reason ??= reason;
    this.now();
  }

  private now(): void {
    if (this.stopped) return;
    this.stopped = true;
    clearTimeout(this.timer);
    this.consumer.kill('SIGTERM');
    this.timer = setTimeout(() => this.consumer.kill('SIGKILL'), endMs);
  }
}

function endOf(consumer: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    consumer.once('error', reject);
    consumer.once('close', (code) => resolve(code));
  });
}

function problemIn(log: string, code: number | null): string | undefined {
  if (code !== stoppedByUs) return `exit code ${code}:\n${log}`;
  return log.split('\n').find((line) => line.includes(' ERROR '));
}
