import { type Static, Type } from 'typebox';

import { excessOf } from '#kernel/json-excess.js';
import { quoteLongIntegers } from '#kernel/long-integers.js';
import type { FieldError } from '#kernel/refusal.js';
import { closed } from '#kernel/schema.js';

import { ajv, asFieldError } from './schema-check.js';

/** Levels of arrays and objects that a message may have. */
const maxNesting = 32;

/** What each message of a device is wrapped in. */
export const envelopeSchema = closed({
  v: Type.Literal(1, { description: 'Version of this form.' }),
  id: Type.String({ minLength: 1, maxLength: 64, description: 'The device that sends it.' }),
  session: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[\\x21-\\x7e]+$',
    description: 'The time between two starts of the device, under a name that no other one has.',
  }),
  seq: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Counts the messages of the session, on whatever topic.',
  }),
  sentAt: Type.String({ format: 'date-time', description: 'By the clock of the device.' }),
  body: Type.Unknown(),
});

export type Envelope = Readonly<Static<typeof envelopeSchema>>;

const check = ajv.compile<Envelope>(envelopeSchema);

export type Read<T> = { readonly value: T } | { readonly problems: readonly FieldError[] };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON of a payload. */
export const readJson = (payload: Buffer): Read<unknown> => {
  let json: string;
  try {
    json = utf8.decode(payload);
  } catch {
    return wrong('expected text in UTF-8');
  }
  if (excessOf(json, { depth: maxNesting, nodes: Infinity }))
    return wrong(`expected at most ${String(maxNesting)} levels of nesting`);
  try {
    return { value: JSON.parse(quoteLongIntegers(json)) as unknown };
  } catch {
    return wrong('expected JSON; NaN and Infinity are none');
  }
};

/** The envelope of a message of this device. */
export const readEnvelope = (payload: Buffer, device: string): Read<Envelope> => {
  const read = readJson(payload);
  if ('problems' in read) return read;
  const { value } = read;
  if (!check(value)) return { problems: (check.errors ?? []).map(asFieldError) };
  if (value.id !== device) return wrong('expected the id of the topic', '/id');
  return { value };
};

const wrong = (reason: string, pointer = ''): { readonly problems: readonly FieldError[] } => ({
  problems: [{ pointer, reason }],
});
