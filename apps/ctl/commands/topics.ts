import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { counted, printJson, printTable, write } from '../output.js';
import { progressBar } from '../progress.js';

interface Topic {
  readonly topic: string;
  readonly name: string;
  readonly kind: string;
  readonly exists: boolean;
  readonly partitions: number | null;
  readonly expectedPartitions: number;
  readonly cleanupPolicy: string | null;
  readonly retentionMs: string | null;
  readonly offsets: readonly {
    readonly partition: number;
    readonly first: string;
    readonly end: string;
  }[];
}

interface Difference {
  readonly stream: string | null;
  readonly problem: string;
  readonly partition: number | null;
  readonly expected: number;
  readonly found: number;
  readonly lastExpected: number | null;
  readonly lastFound: number | null;
  readonly detail: string | null;
}

interface Verified {
  readonly topic: string;
  readonly exists: boolean;
  readonly position: string | null;
  readonly streams: number;
  readonly facts: number;
  readonly expected: number;
  readonly expired: number;
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
}

interface Result {
  readonly ok: boolean;
  readonly topics: readonly Verified[];
}

interface Line {
  readonly progress?: {
    readonly step: 'topic' | 'log';
    readonly topic: string | null;
    readonly done: number;
    readonly of: number | null;
  };
  readonly result?: Result;
  readonly failed?: { readonly code: string; readonly detail: string };
}

export function addTopicCommands(voltrace: Command): void {
  const topics = voltrace.command('topics').description('the Kafka topics that facts are on');
  topics
    .command('list', { isDefault: true })
    .description('how the topics are on the cluster')
    .action(list);
  topics
    .command('verify')
    .description(
      'compare the topics with the log, stream by stream; exits with 1 where they differ',
    )
    .action(verify);
}

async function list(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await api.get<{ items: Topic[] }>('/v1/fanout/topics');
  if (json) return printJson(answer);
  await printTable(
    ['topic', 'kind', 'partitions', 'cleanup', 'retention', 'records at most', 'offsets'],
    answer.items.map((item) => [
      item.topic,
      item.kind,
      partitionsOf(item),
      item.cleanupPolicy,
      retentionOf(item),
      // Marks at the ends of transactions have offsets too.
      item.exists ? item.offsets.reduce((sum, { first, end }) => sum + +end - +first, 0) : null,
      item.offsets.map(({ partition, first, end }) => `${partition}: ${first}-${end}`).join(', '),
    ]),
  );
  const { topic, name } = answer.items[0] ?? { topic: '', name: '' };
  const namespace = name.slice(0, -topic.length);
  if (namespace !== '') await write(`On the cluster each name begins with ${namespace}\n`);
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
] as const;

/** A compacted topic keeps the newest record of each key. */
function retentionOf({ cleanupPolicy, retentionMs }: Topic): string | null {
  if (retentionMs === null || cleanupPolicy === 'compact') return null;
  if (retentionMs === '-1') return 'for ever';
  const [unit, ms] = units.find(([, each]) => +retentionMs % each === 0) ?? [];
  return unit === undefined ? `${retentionMs} ms` : counted(+retentionMs / ms, unit);
}

function partitionsOf({ exists, partitions, expectedPartitions }: Topic): string {
  if (!exists) return 'does not exist';
  return partitions === expectedPartitions
    ? String(partitions)
    : `${partitions ?? 0}, expected ${expectedPartitions}`;
}

async function verify(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const result = await resultOf(api);
  await (json ? printJson(result) : show(result));
  if (result.ok) return;
  throw new CommandFailure('What is on Kafka is not what is in the log.', exitCodes.failed);
}

async function resultOf(api: ApiClient): Promise<Result> {
  const bar = progressBar('verify');
  try {
    for await (const { progress, result, failed } of lines(api)) {
      if (result) return result;
      if (failed) throw new CommandFailure(`${failed.code}: ${failed.detail}`, exitCodes.failed);
      if (!progress) continue;
      const { step, topic, done, of } = progress;
      bar.update(done, of ?? done, step === 'log' ? `${done} events of the log` : (topic ?? ''));
    }
  } finally {
    bar.stop();
  }
  throw new CommandFailure('The verification broke off before its result.', exitCodes.unreachable);
}

async function* lines(api: ApiClient): AsyncGenerator<Line> {
  const accept = { accept: 'application/x-ndjson' };
  let rest = '';
  for await (const piece of api.stream('/v1/fanout/topics/verify', {}, accept, {
    method: 'POST',
  })) {
    const complete = (rest + piece).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) yield JSON.parse(line) as Line;
  }
}

async function show({ topics }: Result): Promise<void> {
  await printTable(
    ['topic', 'through', 'streams', 'facts', 'in the log', 'expired', 'differences'],
    topics.map((item) => [
      item.exists ? item.topic : `${item.topic} (does not exist)`,
      item.position ?? 'nothing published yet',
      item.streams,
      item.facts,
      item.expected,
      item.expired,
      item.differenceCount,
    ]),
  );
  for (const { topic, streams, facts, differences, differenceCount } of topics) {
    if (differenceCount === 0) continue;
    if (facts === 0 && differences.every(({ problem }) => problem === 'missing')) {
      await write(`\n${topic}: nothing is there of ${counted(streams, 'stream')}.\n`);
      continue;
    }
    await write(`\n${topic}${differenceCount > differences.length ? ', the first' : ''}:\n`);
    await printTable(
      [
        'stream',
        'problem',
        'partition',
        'facts',
        'in the log',
        'last',
        'last in the log',
        'detail',
      ],
      differences.map((each) => [
        each.stream,
        each.problem,
        each.partition,
        each.found,
        each.expected,
        each.lastFound,
        each.lastExpected,
        each.detail,
      ]),
    );
  }
}
