import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { contracts } from '#apps/contracts.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { toFact, toRecord } from '#fanout/cloud-event.js';
import { Publication } from '#fanout/fact.js';
import { samplesCategory, samplesEvents, samplesStream } from '#telemetry/samples/events.js';
import { projectRoot } from '#testing/build.js';

import { exampleEvent, type MessageOf, messagesOf } from './example-events.js';
import { schemaCheck } from './json-schema.js';

const cases = messagesOf(contracts).map(
  (each) => [each.message.name, each] as const satisfies [string, MessageOf],
);
const publication = new Publication(contracts);

const fixture = (name: string) =>
  JSON.parse(
    readFileSync(join(projectRoot, 'libs', `${name}.stored.json`), 'utf8'),
  ) as readonly Pick<StoredEvent, 'type' | 'data'>[];

describe('what is published', () => {
  it('has names and topics that say context and version, each once', () => {
    for (const { context, topic } of contracts) {
      expect(topic).toMatch(new RegExp(`^voltrace\\.${context}\\.(?:[a-z]+\\.)?v\\d+$`));
    }
    for (const [name, { contract, type }] of cases) {
      expect(name).toMatch(new RegExp(`^voltrace\\.${contract.context}\\.${type}\\.v\\d+$`));
    }
    const names = [...cases.map(([name]) => name), ...contracts.map(({ topic }) => topic)];
    expect(new Set(names).size).toBe(names.length);
  });

  it('has one key for the samples of a device, which lie in a stream for each day', () => {
    const device = '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90';
    const { example } = samplesEvents.SamplesRecorded;
    const keys = ['2026-05-04', '2026-05-05'].map((day) => {
      const event = exampleEvent(samplesCategory, 'SamplesRecorded', example);
      return publication.of({ ...event, stream: samplesStream(device, day) })?.fact.key;
    });
    expect(keys).toEqual([device, device]);
  });

  it('is decided for every stored type of its categories', () => {
    for (const { types, messages } of contracts.flatMap(({ categories }) => categories)) {
      expect(Object.keys(messages).sort()).toEqual(Object.keys(types.events).sort());
    }
  });
});

describe.each(cases)('%s', (name, { contract, category, type, message }) => {
  const check = schemaCheck(message.schema);
  const published = message.publish(message.example);
  const members = Object.keys(published);
  const { properties = {} } = message.schema as { properties?: object };
  const hasMembers = Object.keys(properties).length > 0;

  it('has a schema that its example fits', () => {
    expect(check(published)).toEqual([]);
    expect(members.length > 0).toBe(hasMembers);
  });

  it('comes out of the log, through a record and back as it was', () => {
    const event = exampleEvent(category.types.category, type, message.example);
    const { contract: of, fact } = publication.of(event)!;
    expect(of).toBe(contract);
    expect(fact).toMatchObject({ id: event.id, type: name, stream: event.stream, revision: 4n });
    expect(fact.recordedAt).toBe(event.created.toISOString());
    const { key, value, headers } = toRecord(fact);
    const read = toFact({ key: Buffer.from(key), value, headers });
    expect(read).toStrictEqual(fact);
    expect(check(read.data)).toEqual([]);
  });

  it('says nothing that its schema does not know', () => {
    const event = exampleEvent(category.types.category, type, { ...message.example, secret: 'x' });
    expect(publication.of(event)!.fact.data).toEqual(published);
    expect(check({ ...published, secret: 'x' })).not.toEqual([]);
  });

  // That something happened may be all that is said.
  if (hasMembers) {
    it.each(members)('has a schema that refuses another %s', (member) => {
      const wrong = [4711, { odd: 1 }, [[]]];
      const refused = wrong.filter((value) => check({ ...published, [member]: value }).length > 0);
      // A number, or an object of whatever members, is one of them.
      const isText = typeof (published as Record<string, unknown>)[member] === 'string';
      expect(refused.length).toBeGreaterThanOrEqual(isText ? 3 : 2);
    });
  }

  it('has a schema that refuses a missing member', () => {
    const required = (message.schema as { required?: string[] }).required ?? [];
    expect(required.length > 0).toBe(hasMembers);
    for (const member of required) {
      const { [member]: _, ...rest } = published as Record<string, unknown>;
      expect(check(rest)).not.toEqual([]);
    }
  });
});

describe('what was stored once', () => {
  const checks = new Map(cases.map(([name, { message }]) => [name, schemaCheck(message.schema)]));
  it.each(['product', 'manufacturer'])('of a %s is published as the schema says', (category) => {
    const events = fixture(`product-registry/fixtures/${category}`);
    expect(events.length).toBeGreaterThan(4);
    for (const { type, data } of events) {
      const { fact } = publication.of(exampleEvent(category, type, data))!;
      expect([fact.type, checks.get(fact.type)!(fact.data)]).toEqual([fact.type, []]);
    }
  });
});
