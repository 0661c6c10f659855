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

/** What the message says, or what is wrong with it. */
export const readUnitMessage = (
  kind: UnitMessage['kind'],
  body: unknown,
): UnitMessage | readonly FieldError[] => {
  const check = checks[kind];
  if (check(body)) return { kind, body } as UnitMessage;
  return (check.errors ?? []).map((error) => {
    const { pointer, reason } = asFieldError(error);
    return { pointer: `/body${pointer}`, reason };
  });
};
