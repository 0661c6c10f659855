import {
  type CyclerSamplesMessage,
  cyclerSamplesSchema,
  type Detection,
  detectionSchema,
  type InstructionAck,
  instructionAckSchema,
  type StepMessage,
  stepMessageSchema,
} from '#cycling/protocol/messages.js';
import { ajv, asFieldError } from '#device-link/schema-check.js';
import type { UpKind } from '#device-link/topics.js';
import type { FieldError } from '#kernel/refusal.js';

/** What a unit says, by the kind of its message. */
export type UnitMessage =
  | { readonly kind: 'samples'; readonly body: CyclerSamplesMessage }
  | { readonly kind: 'step'; readonly body: StepMessage }
  | { readonly kind: 'answer'; readonly body: InstructionAck }
  | { readonly kind: 'detection'; readonly body: Detection };

const checks = {
  samples: ajv.compile<CyclerSamplesMessage>(cyclerSamplesSchema),
  step: ajv.compile<StepMessage>(stepMessageSchema),
  answer: ajv.compile<InstructionAck>(instructionAckSchema),
  detection: ajv.compile<Detection>(detectionSchema),
} as const;

/** Which message of a unit it is; undefined where it is one of any device. */
export const unitMessageKind = (topic: UpKind, body: unknown): UnitMessage['kind'] | undefined => {
  const said = (body ?? {}) as { readonly experiment?: unknown; readonly type?: unknown };
  if (topic === 'steps') return 'step';
  if (topic === 'samples') return said.experiment === undefined ? undefined : 'samples';
  if (topic !== 'acks') return undefined;
  if (said.type === 'instruction') return 'answer';
  return said.type === 'detection' ? 'detection' : undefined;
};

/** Times that a message names. A schema lets texts through that are no time to this server, such as `...T23:59:60Z`. */
const timesOf = (said: UnitMessage): Readonly<Record<string, string>> => {
  switch (said.kind) {
    case 'samples':
      return { t0: said.body.t0 };
    case 'step':
    case 'answer':
      return { at: said.body.at };
    case 'detection':
      return {};
  }
};

const [earliestMs, latestMs] = [
  Date.parse('1970-01-01T00:00:00Z'),
  Date.parse('9900-01-01T00:00:00Z'),
];

/** What comes of the test time is a year of four digits too. */
const isTime = (text: string): boolean => {
  const ms = Date.parse(text);
  return ms >= earliestMs && ms < latestMs;
};

/** What the message says, or what is wrong with it. */
export const readUnitMessage = (
  kind: UnitMessage['kind'],
  body: unknown,
): UnitMessage | readonly FieldError[] => {
  const check = checks[kind];
  if (check(body)) {
    const said = { kind, body } as UnitMessage;
    const wrong = Object.entries(timesOf(said)).filter(([, text]) => !isTime(text));
    const reason = 'expected a time with its zone, from 1970 to 9899, such as 2026-05-04T11:00:00Z';
    return wrong.length === 0
      ? said
      : wrong.map(([name]) => ({ pointer: `/body/${name}`, reason }));
  }
  return (check.errors ?? []).map((error) => {
    const { pointer, reason } = asFieldError(error);
    return { pointer: `/body${pointer}`, reason };
  });
};
