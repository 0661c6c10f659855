import { samplesStream } from '#telemetry/samples/events.js';
import type { ApiClient, Reply } from '#test/support/client.js';

import type { LoggedEvent } from '../checks.js';
import { key, type Message, type Values } from './messages.js';
import type { Publisher } from './publisher.js';

const series = ['a', 'b'] as const;
const functions = ['count', 'sum', 'min', 'max', 'first', 'last'] as const;
const patienceMs = 90_000;
const maxFaults = 8;

export interface Range {
  readonly from: number;
  readonly to: number;
}

type Row = Readonly<Record<string, unknown>>;

/** What is to be read of a device: the first value of each time that was acknowledged. */
export const expected = (messages: readonly Message[]): Values => {
  const values = new Map<string, number>();
  // The first messages were visible before another one contradicted them.
  const ordinary = messages.filter(({ isContradiction }) => isContradiction !== true);
  for (const message of ordinary) for (const [at, value] of message.values) values.set(at, value);
  return values;
};

/** What differs from the list of a publisher, as anybody reads it; waits for what is under way. */
export const deviceFaults = async (
  api: ApiClient,
  publisher: Publisher,
  range: Range,
): Promise<readonly string[]> => {
  const path = pathOf(publisher, range);
  const wanted = expected(publisher.acknowledged);
  const read = async (): Promise<readonly string[]> => [
    ...sampleFaults(rowsOf(await answered(api, `${path}&format=ndjson`)), wanted),
    ...(await quarantineFaults(api, publisher)),
  ];
  let faults = await read();
  for (const end = Date.now() + patienceMs; faults.length > 0 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    faults = await read();
  }
  const buckets: string[] = [];
  for (const width of ['1m', '1h', 'day']) {
    const query = `${path}&tz=UTC&bucket=${width}&fn=${functions.join(',')}`;
    const { body } = await answered(api, query);
    buckets.push(
      ...bucketFaults(body['series'] as readonly Row[], wanted).map((one) => `${width}: ${one}`),
    );
  }
  return [...faults, ...buckets]
    .slice(0, maxFaults)
    .map((fault) => `${publisher.device.id}: ${fault}`);
};

/** Whether all that was acknowledged can be read by now. */
export const isVisible = async (
  api: ApiClient,
  publisher: Publisher,
  range: Range,
): Promise<boolean> => {
  const reply = await api.persist(`${pathOf(publisher, range)}&format=ndjson`);
  if (reply.status !== 200) return false;
  return sampleFaults(rowsOf(reply), expected(publisher.acknowledged)).length === 0;
};

const pathOf = ({ device }: Publisher, { from, to }: Range): string =>
  `/v1/devices/${device.id}/samples?series=${series.join(',')}` +
  `&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;

const answered = async (api: ApiClient, path: string): Promise<Reply> => {
  const reply = await api.persist(path);
  if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}: ${reply.text}`);
  return reply;
};

const rowsOf = ({ text }: Reply): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

/** Samples that are missing, doubled, another value or too many. */
export const sampleFaults = (rows: readonly Row[], wanted: Values): readonly string[] => {
  const found = new Map<string, unknown>();
  const faults: string[] = [];
  for (const { series: name, at, value } of rows) {
    // The last line of an export says how many there are.
    if (typeof at !== 'string') continue;
    const place = key(String(name), Date.parse(at));
    if (found.has(place)) faults.push(`${place} is there twice`);
    found.set(place, value);
  }
  for (const [place, value] of wanted) {
    if (found.get(place) !== value) {
      faults.push(`${place} is ${String(found.get(place))}, and ${value} was acknowledged`);
    }
  }
  for (const place of found.keys()) if (!wanted.has(place)) faults.push(`${place} was never sent`);
  return faults;
};

const quarantineFaults = async (
  api: ApiClient,
  { device, acknowledged }: Publisher,
): Promise<readonly string[]> => {
  const wanted = new Map(acknowledged.flatMap(({ wrong }) => (wrong ? [[wrong.mark, wrong]] : [])));
  const { body } = await answered(api, `/v1/quarantine?deviceId=${device.id}`);
  const items = body['items'] as readonly Row[];
  const faults: string[] = [];
  if (items.length !== wanted.size) {
    faults.push(`${items.length} in the quarantine, and ${wanted.size} were wrong`);
  }
  for (const { id } of items) {
    const one = (await answered(api, `/v1/quarantine/${String(id)}`)).body;
    const reasons = (one['problems'] as readonly Row[]).map(({ reason }) => String(reason));
    const found = [...wanted.values()].find(({ mark }) => String(one['text']).includes(mark));
    if (!found) faults.push(`${String(id)} is in the quarantine again, or nobody sent it`);
    else if (!reasons.some((reason) => reason.includes(found.reason))) {
      faults.push(`${String(id)} is in the quarantine for ${reasons.join(', ')}`);
    }
    if (found) wanted.delete(found.mark);
  }
  return faults;
};

/** Buckets that are not what the samples in them come to. */
export const bucketFaults = (answers: readonly Row[], wanted: Values): readonly string[] => {
  const faults: string[] = [];
  for (const answer of answers) {
    const own = [...wanted].flatMap(([place, value]) => {
      const [name, at] = place.split(' ');
      return name === answer['series'] ? [{ at: Number(at), value }] : [];
    });
    own.sort((one, other) => one.at - other.at);
    let next = 0;
    for (const bucket of answer['buckets'] as readonly Row[]) {
      const end = Date.parse(String(bucket['end']));
      const values: number[] = [];
      for (; next < own.length && (own[next]?.at ?? 0) < end; next += 1)
        values.push(own[next]?.value ?? NaN);
      const right = values.length === 0 ? { count: 0 } : summed(values);
      for (const [fn, value] of Object.entries(right)) {
        if (bucket[fn] === value) continue;
        faults.push(`${fn} from ${String(bucket['start'])} is ${String(bucket[fn])}, not ${value}`);
      }
    }
    if (next !== own.length) faults.push(`${own.length - next} samples are in no bucket`);
  }
  return faults;
};

const summed = (values: readonly number[]): Readonly<Record<string, number>> => ({
  count: values.length,
  sum: values.reduce((sum, value) => sum + value, 0),
  min: values.reduce((least, value) => Math.min(least, value)),
  max: values.reduce((most, value) => Math.max(most, value)),
  first: values[0] ?? NaN,
  last: values.at(-1) ?? NaN,
});

/** Messages of a device that are in the log in another order than the one in which they were sent, once each. */
export const orderFaults = (
  events: readonly LoggedEvent[],
  { device, order, repeated, session }: Publisher,
): readonly string[] => {
  const places = new Map(order.map((seq, place) => [seq, place]));
  const faults: string[] = [];
  const last = new Map<string, number>();
  const seen = new Set<string>();
  for (const { stream, type, data } of events) {
    if (type !== 'SamplesRecorded' || !stream.startsWith(samplesPrefix(device.id))) continue;
    for (const message of data['messages'] as readonly { session: string; seq: number }[]) {
      const { seq } = message;
      const place = places.get(seq);
      if (message.session !== session || place === undefined) {
        faults.push(`message ${seq} of ${message.session} is in the log, and nobody sent it`);
      } else if (!seen.has(`${stream} ${seq}`) && !repeated.has(seq)) {
        if (place < (last.get(stream) ?? -1)) faults.push(`message ${seq} is behind later ones`);
        last.set(stream, place);
      }
      seen.add(`${stream} ${seq}`);
    }
  }
  return faults.slice(0, maxFaults);
};

const samplesPrefix = (device: string): string => samplesStream(device, '');
