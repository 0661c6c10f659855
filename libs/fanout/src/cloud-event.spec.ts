import { type CloudEventV1, Kafka } from 'cloudevents';
import fc from 'fast-check';
import type { IHeaders } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { NotAFact, type ReceivedRecord, toFact, toRecord } from './cloud-event.js';
import type { Fact } from './fact.js';

const fact: Fact = {
  id: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c01',
  type: 'voltrace.example.ThingMeasured.v1',
  stream: 'thing-0d4b3a4e-5a0c-5f5b-8a5c-000000000001',
  key: 'rig-7',
  revision: 4n,
  position: { commit: 4711n, prepare: 4711n },
  occurredAt: '2026-02-12T09:30:00Z',
  recordedAt: '2026-02-12T09:30:00.010Z',
  correlationId: '6f1c7a52-58a5-4d0e-8a51-2f6d6a2f0c02',
  causationId: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c03',
  data: { mass: '1.50', unit: 'kg' },
};

const number = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().replace('.', '.123')));
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((each) => !/\p{Cc}/u.test(each));
const json = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
  .map((data) => JSON.parse(JSON.stringify(data)) as Fact['data']);

const facts: fc.Arbitrary<Fact> = fc
  .record({
    id: fc.uuid(),
    type: text,
    stream: text,
    key: text,
    revision: number,
    position: fc.oneof(
      number.map((commit) => ({ commit, prepare: commit })),
      fc.record({ commit: number, prepare: number }, { noNullPrototype: true }),
    ),
    occurredAt: time,
    recordedAt: time,
    correlationId: text,
    causationId: text,
    traceparent: fc.option(text, { nil: undefined }),
    data: json,
  })
  .map(({ traceparent, ...rest }) => ({
    ...rest,
    ...(traceparent !== undefined && { traceparent }),
  }));

/** As kafkajs hands out what was sent. */
const received = (sent: Fact): ReceivedRecord & { headers: IHeaders } => {
  const { key, value, headers } = toRecord(sent);
  const bytes = Object.entries(headers).map(([name, each]) => [name, Buffer.from(each)]);
  return { key: Buffer.from(key), value, headers: Object.fromEntries(bytes) as IHeaders };
};

const withHeader = (name: string, value: IHeaders[string]): ReceivedRecord => {
  const record = received(fact);
  return { ...record, headers: { ...record.headers, [name]: value } };
};

const withValue = (value: Buffer | string | null): ReceivedRecord => ({
  ...received(fact),
  value: typeof value === 'string' ? Buffer.from(value) : value,
});

const notUtf8 = Buffer.from([0xc3, 0x28]);

describe('a fact as a Kafka record', () => {
  it('carries the headers of the contract and no others', () => {
    expect(toRecord(fact)).toEqual({
      key: fact.key,
      value: Buffer.from('{"mass":"1.50","unit":"kg"}'),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: fact.id,
        ce_type: fact.type,
        ce_source: fact.stream,
        ce_time: '2026-02-12T09:30:00Z',
        voltrace_revision: '4',
        voltrace_position: '4711',
        voltrace_recorded_at: '2026-02-12T09:30:00.010Z',
        voltrace_correlation_id: fact.correlationId,
        voltrace_causation_id: fact.causationId,
      },
    });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(toRecord({ ...fact, traceparent }).headers['ce_traceparent']).toBe(traceparent);
    const position = { commit: 5n, prepare: 4n };
    expect(toRecord({ ...fact, position }).headers['voltrace_position']).toBe('5/4');
  });

  it('is a valid CloudEvent for the SDK of the specification', () => {
    const { headers, value } = toRecord(fact);
    const message = { headers, value, body: value };
    const event = Kafka.toEvent(message) as CloudEventV1<unknown> & { validate(): boolean };
    expect(event.validate()).toBe(true);
    const { id, type, source, time: at, specversion, datacontenttype, data } = event;
    expect({ id, type, source, specversion, datacontenttype, data }).toEqual({
      id: fact.id,
      type: fact.type,
      source: fact.stream,
      specversion: '1.0',
      datacontenttype: 'application/json',
      data: fact.data,
    });
    expect(at).toBe('2026-02-12T09:30:00.000Z');
  });

  it('is read as the same fact, whatever the fact says', () => {
    fc.assert(
      fc.property(facts, (any) => {
        expect(toFact(received(any))).toStrictEqual(any);
      }),
    );
  });

  it('keeps the member __proto__ a member', () => {
    const data = JSON.parse('{"__proto__":{"polluted":true},"a":1}') as Fact['data'];
    const read = toFact(received({ ...fact, data })).data;
    expect(Object.keys(read)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is not made of what its readers could not take', () => {
    const { recordedAt: _, ...without } = fact;
    expect(() => toRecord(without as Fact)).toThrow(NotAFact);
    expect(() => toRecord({ ...fact, id: '' })).toThrow(/^ce_id is "", not a UUID/);
    expect(() => toRecord({ ...fact, type: '' })).toThrow(/^ce_type is ""/);
    expect(() => toRecord({ ...fact, stream: 'x'.repeat(1001) })).toThrow(/^ce_source is "xxx/);
    expect(() => toRecord({ ...fact, occurredAt: '2026-02-30T00:00:00Z' })).toThrow(/^ce_time/);
  });
});

describe('a record that is no fact', () => {
  it.each<[string, ReceivedRecord, RegExp]>([
    ['no headers', { ...received(fact), headers: undefined }, /^content-type is missing/],
    ['no key', { ...received(fact), key: null }, /^the key is missing/],
    ['an empty key', { ...received(fact), key: Buffer.from('') }, /^the key is "", not 1 to/],
    ['a key of other bytes', { ...received(fact), key: notUtf8 }, /^the key is not UTF-8/],
    ['no id', withHeader('ce_id', undefined), /^ce_id is missing/],
    ['a short id', withHeader('ce_id', 'abc'), /^ce_id is "abc", not a UUID/],
    ['an id in upper case', withHeader('ce_id', fact.id.toUpperCase()), /^ce_id is "6F1C/],
    ['two ids', withHeader('ce_id', [fact.id, fact.id]), /^ce_id is there more than once/],
    ['an empty type', withHeader('ce_type', Buffer.alloc(0)), /^ce_type is "", not 1 to 1000/],
    ['a type with a NUL', withHeader('ce_type', 'a\0b'), /^ce_type is "a\\u0000b"/],
    ['a type of other bytes', withHeader('ce_type', notUtf8), /^ce_type is not UTF-8/],
    ['a huge header', withHeader('voltrace_causation_id', 'x'.repeat(2e6)), /^.{1,200}$/],
    ['no revision', withHeader('voltrace_revision', undefined), /^voltrace_revision is missing/],
    ['a negative revision', withHeader('voltrace_revision', '-1'), /^voltrace_revision is "-1"/],
    ['65 bits', withHeader('voltrace_revision', '9223372036854775808'), /not a whole number/],
    ['a position in hex', withHeader('voltrace_position', '0x1f'), /^voltrace_position is "0x1f"/],
    ['half a position', withHeader('voltrace_position', '1/'), /^voltrace_position is ""/],
    ['three halves', withHeader('voltrace_position', '1/2/3'), /^voltrace_position is "1\/2\/3"/],
    ['no time', withHeader('ce_time', undefined), /^ce_time is missing/],
    [
      'a year that Postgres does not know',
      withHeader('ce_time', '0000-01-01T00:00:00Z'),
      /^ce_time is "0000/,
    ],
    ['a day that is none', withHeader('ce_time', '2026-02-30T00:00:00Z'), /^ce_time is "2026-02/],
    ['a local time', withHeader('voltrace_recorded_at', '2026-02-12T09:30:00+01:00'), /in UTC$/],
    ['another version', withHeader('ce_specversion', '0.3'), /^ce_specversion is "0.3", not 1.0/],
    [
      'structured mode',
      withHeader('content-type', 'application/cloudevents+json'),
      /^content-type/,
    ],
    ['an empty trace', withHeader('ce_traceparent', ''), /^ce_traceparent is ""/],
    ['no value', withValue(null), /^the value is missing/],
    ['an empty value', withValue(''), /^the value is not JSON/],
    ['half a value', withValue('{"a":'), /^the value is not JSON/],
    ['a value of other bytes', withValue(Buffer.from([0x22, 0xc3, 0x28, 0x22])), /not UTF-8/],
    ['a byte order mark', withValue('\ufeff{}'), /^the value is not JSON/],
    ['a list', withValue('[1]'), /^the value is JSON, but no object/],
    ['a number', withValue('4'), /^the value is JSON, but no object/],
    ['null', withValue('null'), /^the value is JSON, but no object/],
    ['a huge value', withValue(Buffer.alloc(17 * 1024 * 1024)), /^the value has 17825792 bytes/],
  ])('is refused for %s', (_, record, reason) => {
    expect(() => toFact(record)).toThrow(NotAFact);
    expect(() => toFact(record)).toThrow(reason);
  });

  it('takes headers that kafkajs hands out as texts, and looks at no others', () => {
    const odd = ['ce_data', 'ce_schemaurl', 'ce_data_base64', '__proto__', 'toString'];
    const headers = { ...toRecord(fact).headers, ...Object.fromEntries(odd.map((o) => [o, 'x'])) };
    expect(toFact({ ...received(fact), headers })).toStrictEqual(fact);
  });

  it('survives values that are nested deeply', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(Object.keys(toFact(withValue(deep)).data)).toEqual(['a']);
  });

  it('is refused by name or is a whole fact, whatever bytes were damaged', () => {
    const part = fc.constantFrom('key', 'value', ...Object.keys(toRecord(fact).headers));
    const damage = fc.record({ part, at: fc.nat(), bytes: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(
      fc.property(facts, fc.array(damage, { minLength: 1, maxLength: 3 }), (any, damages) => {
        const record = damages.reduce(damaged, received(any));
        try {
          const { id, stream, data } = toFact(record);
          expect([typeof id, typeof stream, typeof data]).toEqual(['string', 'string', 'object']);
        } catch (error) {
          expect(error).toBeInstanceOf(NotAFact);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

interface Damage {
  readonly part: string;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Puts some bytes in the place of others, or cuts the rest off where there are none. */
const damaged = (
  record: ReceivedRecord & { headers: IHeaders },
  { part, at, bytes }: Damage,
): ReceivedRecord & { headers: IHeaders } => {
  const hit = (value: Buffer): Buffer => {
    const place = value.length === 0 ? 0 : at % value.length;
    const rest = bytes.length === 0 ? [] : [value.subarray(place + bytes.length)];
    return Buffer.concat([value.subarray(0, place), bytes, ...rest]);
  };
  if (part === 'key') return { ...record, key: hit(record.key ?? Buffer.alloc(0)) };
  if (part === 'value') return { ...record, value: hit(record.value ?? Buffer.alloc(0)) };
  const headers = { ...record.headers, [part]: hit(record.headers[part] as Buffer) };
  return { ...record, headers };
};
