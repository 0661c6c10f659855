import { Type } from 'typebox';

import { type Envelope, type Read, readEnvelope, readJson } from '#device-link/envelope.js';
import type { Inbound } from '#device-link/inbox.js';
import type { MessageTaker } from '#device-link/message-taker.js';
import { ajv, asFieldError } from '#device-link/schema-check.js';
import type { FieldError } from '#kernel/refusal.js';
import { choice, closed } from '#kernel/schema.js';

import type { OccurrenceEvent } from '../occurrence/events.js';
import type { Message } from '../samples/events.js';
import {
  cellsOf,
  type ReadRules,
  type ReadSamples,
  readSamples,
  type WrittenSamples,
} from '../samples/read-samples.js';
import { readTime } from '../samples/read-time.js';
import { readWritten } from '../samples/written-samples.js';
import { flattened } from './flattened.js';
import { type Acknowledgement, readAcknowledgement } from './read-acknowledgement.js';

/** What a message of a device says. */
export type ReadMessage =
  | { readonly kind: 'samples'; readonly read: ReadSamples; readonly message?: Message }
  | {
      readonly kind: 'occurrence';
      readonly data: OccurrenceEvent['data'];
      readonly message?: Message;
    }
  | {
      readonly kind: 'birth';
      readonly properties: Readonly<Record<string, string>>;
      readonly message: Message;
    }
  | { readonly kind: 'state'; readonly state: 'online' | 'offline'; readonly message?: Message }
  | {
      readonly kind: 'acknowledgement';
      readonly data: Acknowledgement;
      readonly message: Message;
    }
  | {
      readonly kind: 'other';
      readonly taker: MessageTaker;
      readonly body: unknown;
      readonly message: Message;
    }
  | {
      readonly kind: 'malformed';
      readonly problems: readonly FieldError[];
      readonly message?: Message;
    };

/** Series times rows: a short message could mean millions of empty cells. */
const maxCells = 20_000;
const maxProperties = 100;
const maxPropertyLength = 1_000;

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const anything = Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' });
const bodies = {
  occurrence: closed({
    kind: text(200),
    at: Type.Union([text(40), Type.Number()]),
    details: Type.Optional(anything),
  }),
  olderEvent: Type.Object({ type: text(200), data: Type.Unknown() }),
  state: closed({ state: choice(['online', 'offline'], 'Which.') }),
  birth: Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    maxProperties,
  }),
} as const;
const checks = {
  occurrence: ajv.compile<{ kind: string; at: string | number; details?: object }>(
    bodies.occurrence,
  ),
  olderEvent: ajv.compile<{ type: string; data: unknown }>(bodies.olderEvent),
  state: ajv.compile<{ state: 'online' | 'offline' }>(bodies.state),
  birth: ajv.compile<Readonly<Record<string, unknown>>>(bodies.birth),
};

type Rules = Pick<ReadRules, 'known' | 'now'> & { readonly taker?: MessageTaker };
type Kept = Omit<Inbound, 'topic' | 'isAwaited'>;

export const readMessage = (inbound: Kept, rules: Rules): ReadMessage => {
  const { device, kind, payload, older } = inbound;
  if (older) return readOlder(inbound, older.at, rules);
  if (kind === 'state') {
    const plain = payload.length <= 16 ? payload.toString() : '';
    if (plain === 'online' || plain === 'offline') return { kind: 'state', state: plain };
  }
  const read = readEnvelope(payload, device);
  if ('problems' in read) return malformed(read);
  // Of samples each is refused by itself.
  const isKept = kind === 'samples' || isStorable(read.value.body);
  const unkept = {
    problems: [{ pointer: '/body', reason: 'expected no NUL and no half characters' }],
  };
  const said = !isKept ? malformed(unkept) : ofEnvelope(inbound, read.value, rules);
  // It did come, and goes to the quarantine: its number is not missed. A last will has the one of its session's beginning.
  if (said.kind !== 'malformed' || kind === 'state') return said;
  return { ...said, message: { session: read.value.session, seq: read.value.seq } };
};

const ofEnvelope = ({ device, kind }: Kept, envelope: Envelope, rules: Rules): ReadMessage => {
  const { session, seq, body } = envelope;
  const message = { session, seq };
  if (rules.taker?.takes({ device, kind, body })) {
    return { kind: 'other', taker: rules.taker, body, message };
  }
  switch (kind) {
    case 'samples': {
      const written = readWritten(body);
      if (Array.isArray(written))
        return malformed({ problems: written as readonly FieldError[] }, '/body');
      return samples(written as WrittenSamples, { ...rules, parsesText: false }, message);
    }
    case 'occurrences': {
      if (!checks.occurrence(body)) return malformed(problemsOf(checks.occurrence), '/body');
      const { kind: what, at, details = {} } = body;
      return occurrence(device, { what, at, details, pointer: '/body/at' }, rules, message);
    }
    case 'birth':
      if (!checks.birth(body)) return malformed(problemsOf(checks.birth), '/body');
      return { kind: 'birth', properties: propertiesOf(body), message };
    case 'state':
      if (!checks.state(body)) return malformed(problemsOf(checks.state), '/body');
      // A last will was written when the session began: its number says nothing.
      return { kind: 'state', state: body.state, ...(body.state === 'online' && { message }) };
    case 'acks': {
      const data = readAcknowledgement(body);
      if ('status' in data) return { kind: 'acknowledgement', data, message };
      return malformed({ problems: data }, '/body');
    }
    case 'reports':
    case 'steps':
      return malformed({
        problems: [{ pointer: '', reason: `expected another topic: nothing takes ${kind} yet` }],
      });
  }
};

/** The older shape: no envelope, the time in the topic, text that may be a number. */
const readOlder = ({ device, kind, payload }: Kept, at: number, rules: Rules): ReadMessage => {
  const read = readJson(payload);
  if ('problems' in read) return malformed(read);
  if (kind === 'occurrences') {
    if (!checks.olderEvent(read.value)) return malformed(problemsOf(checks.olderEvent));
    const { type: what, data } = read.value;
    const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
    return occurrence(
      device,
      { what, at, details: isObject ? data : { data }, pointer: '' },
      rules,
    );
  }
  const values = flattened(read.value);
  if (!values) {
    return malformed({
      problems: [{ pointer: '', reason: 'expected an object of at most 1,000 values' }],
    });
  }
  return samples({ rows: [{ t: at, values }] }, { ...rules, parsesText: true });
};

const samples = (
  written: WrittenSamples,
  rules: Rules & { readonly parsesText: boolean },
  message?: Message,
): ReadMessage => {
  const cells = cellsOf(written);
  if (cells > maxCells) {
    const reason = `expected at most ${String(maxCells)} values of series and times in a message, found ${String(cells)}`;
    return malformed({ problems: [{ pointer: '/body', reason }] });
  }
  const read = readSamples(written, { ...rules, timeUnit: 'ms' });
  return { kind: 'samples', read, ...(message && { message }) };
};

const occurrence = (
  device: string,
  found: {
    readonly what: string;
    readonly at: string | number;
    readonly details: object;
    readonly pointer: string;
  },
  { now }: Rules,
  message?: Message,
): ReadMessage => {
  const { what: kind, details, pointer } = found;
  const { ms, reason } = readTime(found.at, { timeUnit: 'ms', now });
  if (ms === undefined) return malformed({ problems: [{ pointer, reason: String(reason) }] });
  const data = { device, kind, at: new Date(ms).toISOString(), details: { ...details } };
  return { kind: 'occurrence', data, ...(message && { message }) };
};

const unstorable = /[\0\p{Cs}]/u;
/** Nesting is bounded by the envelope. */
const isStorable = (value: unknown): boolean => {
  if (typeof value === 'string') return !unstorable.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, one]) => isStorable(name) && isStorable(one));
};

const propertiesOf = (body: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      // It may be cut within a character.
      (typeof value === 'string' ? value : JSON.stringify(value))
        .slice(0, maxPropertyLength)
        .toWellFormed(),
    ]),
  );

const problemsOf = (check: (typeof checks)[keyof typeof checks]) => ({
  problems: (check.errors ?? []).map(asFieldError),
});

const malformed = (
  { problems }: Extract<Read<never>, { problems: unknown }>,
  below = '',
): ReadMessage => ({
  kind: 'malformed',
  problems: problems.map(({ pointer, reason }) => ({ pointer: `${below}${pointer}`, reason })),
});
