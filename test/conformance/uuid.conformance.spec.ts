import { randomUUID } from 'node:crypto';

import type shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, it } from 'vitest';

import { expectedOf } from './differences.js';
import { answerOf } from './differences/difference.js';
import {
  anyRevision,
  appendMessage,
  appendOptions,
  batch,
  batchAppend,
  batchOptions,
  classicAppend,
  detailOf,
  proposed,
  structuredText,
  structuredUuid,
  uuidOf,
} from './raw.js';
import { sharedRaw, sharedStore } from './suite.js';
import { idsIn, newStream } from './support.js';

const store = sharedStore();
const raw = sharedRaw(store);

const forms: readonly (readonly [name: string, form: (id: string) => string])[] = [
  ['dashed', (id) => id],
  ['in capitals', (id) => id.toUpperCase()],
  ['of 32 digits', (id) => id.replaceAll('-', '')],
  ['in braces', (id) => `{${id}}`],
  ['in parentheses', (id) => `(${id})`],
  ['with blanks around', (id) => ` ${id} `],
];

const properties = { type: 'T', 'content-type': 'application/json' };
const appendWith = (stream: string, id: shared.UUID): Promise<streams.AppendResp> =>
  classicAppend(store, [appendOptions(stream), appendMessage(properties, id)]);

describe.each(forms)('a UUID %s', (_, form) => {
  it('is taken for an event of a classic append, and read in its dashed form', async () => {
    const [stream, id] = [newStream(), randomUUID()];
    const answer = await appendWith(stream, uuidOf(form(id)));
    expect(answer.hasSuccess()).toBe(true);
    expect(await idsIn(store, stream)).toEqual([id]);
  });

  it('is taken for an event of a batch append, and read in its dashed form', async () => {
    const [stream, id] = [newStream(), randomUUID()];
    const options = anyRevision(stream);
    const messages = [proposed({ id: uuidOf(form(id)) })];
    const [answer] = await batchAppend(raw(), [batch({ options, messages })]);
    expect(answer?.hasSuccess()).toBe(true);
    expect(await idsIn(store, stream)).toEqual([id]);
  });

  it('is repeated in its dashed form where it is a correlation id', async () => {
    const id = randomUUID();
    const part = (isFinal: boolean, correlation: shared.UUID, first?: true) =>
      batch({
        correlation,
        messages: [proposed()],
        isFinal,
        ...(first && { options: anyRevision() }),
      });
    // Both are parts of one append.
    const answers = await batchAppend(raw(), [
      part(false, uuidOf(form(id)), true),
      part(true, uuidOf(id)),
    ]);
    expect(answers.map((answer) => answer.hasSuccess())).toEqual([true]);
    expect(answers[0]?.getCorrelationId()?.getString()).toBe(id);
  });
});

describe('a correlation id of two numbers', () => {
  it.each([
    ['a success', (stream: string) => anyRevision(stream)],
    ['a refusal', (stream: string) => batchOptions(stream).setStreamPosition('7')],
  ])('is repeated as it is by %s', async (_, optionsFor) => {
    const id = randomUUID();
    const options = optionsFor(newStream());
    const whole = batch({ correlation: structuredUuid(id), options, messages: [proposed()] });
    const [answer] = await batchAppend(raw(), [whole]);
    expect(answer?.getCorrelationId()?.hasStructured()).toBe(true);
    expect(structuredText(answer?.getCorrelationId())).toBe(id);
  });
});

describe('what is no UUID', () => {
  const none = ['none', '42', `${randomUUID()}0`, randomUUID().slice(1)];

  it.each(none)('is refused for an event of a batch append: %s', async (id) => {
    const options = anyRevision();
    const messages = [proposed({ id: uuidOf(id) })];
    const [answer] = await batchAppend(raw(), [batch({ options, messages })]);
    expect(detailOf(answer)).toBe('event_store.client.BadRequest');
  });

  it.each(none)('is refused for an event of a classic append: %s', async (id) => {
    const answer = answerOf(appendWith(newStream(), uuidOf(id)).then(() => 'written'));
    expect(await answer).toBe(expectedOf('append-without-id'));
  });
});
