import { runConsoleConsumer } from './console-consumer.js';
import { fetchKafka } from './programs.js';

export interface ReadRequest {
  readonly brokers: string;
  readonly topic: string;
  /** Called for each record, in the order of its partition. */
  readonly onRecord: (record: ReadRecord) => void;
  /** Default `read_committed`. */
  readonly isolationLevel?: 'read_committed' | 'read_uncommitted';
  /**
   * How many records there should be. Until they are read, a silence is taken for a broker that is slow,
   * and only one of a minute for the end. Default 0.
   */
  readonly atLeast?: number;
  /** Ends when nothing more came for this long. Default 5,000; a longer pause of the broker cuts the reading short. */
  readonly quietMs?: number;
  /** By partition, the offset after its last record: once all are reached, nothing more is waited for. */
  readonly ends?: ReadonlyMap<number, number>;
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** As text; of two headers of one name the last. */
  readonly headers: ReadonlyMap<string, string | null>;
  readonly value: string | null;
}

/** Control characters that no text of ours holds: values and headers may hold line breaks. */
const betweenRecords = '\x1d';
const betweenHeaders = '\x1e';
const betweenFields = '\x1f';
const absent = '\x18';

/**
 * Reads a topic from its beginning with Kafka's own console consumer and none of our code or our
 * client, and returns the number of records. Throws when there is no such topic, when no broker
 * answers, and when the consumer says another count than what we got from it.
 */
export async function readTopicIndependently(request: ReadRequest): Promise<number> {
  let count = 0;
  let rest = '';
  const read = new Map<number, number>();
  // The last offset is that of a record, or of the mark that ends a transaction.
  const isAtEnd = (ends: ReadonlyMap<number, number>): boolean =>
    [...ends].every(([partition, end]) => end === 0 || (read.get(partition) ?? -1) >= end - 2);
  const { processed, problem } = await runConsoleConsumer(await fetchKafka(), {
    args: argumentsOf(request),
    quietMs: request.quietMs ?? 5_000,
    hasEnough: () => count >= (request.atLeast ?? 0),
    isAtEnd: () => request.ends !== undefined && isAtEnd(request.ends),
    onOutput: (text) => {
      const parts = (rest + text).split(betweenRecords);
      rest = parts.pop() ?? '';
      count += parts.length;
      for (const record of parts.map(recordOf)) {
        read.set(record.partition, record.offset);
        request.onRecord(record);
      }
    },
  });
  const found = `The console consumer read ${count} records of ${request.topic}`;
  if (problem !== undefined) throw new Error(`${found}: ${problem}`);
  if (processed !== count) throw new Error(`${found}, but says that it read ${processed}`);
  return count;
}

function argumentsOf(request: ReadRequest): string[] {
  const format = {
    'print.partition': true,
    'print.offset': true,
    'print.headers': true,
    'print.key': true,
    'print.value': true,
    'line.separator': betweenRecords,
    'headers.separator': betweenHeaders,
    'key.separator': betweenFields,
    'null.literal': absent,
  };
  return [
    ...['--bootstrap-server', request.brokers, '--topic', request.topic, '--from-beginning'],
    ...['--isolation-level', request.isolationLevel ?? 'read_committed'],
    ...Object.entries(format).flatMap(([name, value]) => ['--property', `${name}=${value}`]),
  ];
}

/** `Partition:0`, `Offset:12`, headers, key, value: the order in which Kafka's formatter prints. */
function recordOf(text: string): ReadRecord {
  const [partition = '', offset = '', headers = '', key = '', value = ''] =
    text.split(betweenFields);
  return {
    partition: numberAfter('Partition:', partition),
    offset: numberAfter('Offset:', offset),
    key: orNull(key),
    headers: headersOf(headers),
    value: orNull(value),
  };
}

function numberAfter(name: string, field: string): number {
  if (!field.startsWith(name)) throw new Error(`Expected ${name} and a number, got "${field}"`);
  return Number(field.slice(name.length));
}

function headersOf(field: string): ReadonlyMap<string, string | null> {
  if (field === 'NO_HEADERS') return new Map();
  return new Map(
    field.split(betweenHeaders).map((header) => {
      const colon = header.indexOf(':');
      return [header.slice(0, colon), orNull(header.slice(colon + 1))];
    }),
  );
}

function orNull(text: string): string | null {
  return text === absent ? null : text;
}
