import type { TSchema } from 'typebox';
import { Errors } from 'typebox/value';

import { readProgram } from '#cycling/program/validate.js';
import {
  confirmLimitsSchema,
  detectSchema,
  type Instruction,
  plainInstructionSchema,
  resumeSchema,
  startSchema,
} from '#cycling/protocol/instructions.js';
import { Refusal } from '#kernel/refusal.js';

const schemas: Readonly<Record<Instruction['kind'], TSchema>> = {
  'confirm-limits': confirmLimitsSchema,
  start: startSchema,
  resume: resumeSchema,
  detect: detectSchema,
  pause: plainInstructionSchema,
  stop: plainInstructionSchema,
  'output-off': plainInstructionSchema,
  'reset-trip': plainInstructionSchema,
};

/** An instruction as it was sent, or why it is none, for the one who sent it. */
export const readInstruction = (
  body: Readonly<Record<string, unknown>>,
): Instruction | { readonly wrong: string } => {
  const kind = String(body['kind']);
  const schema = Object.hasOwn(schemas, kind) ? schemas[kind as Instruction['kind']] : undefined;
  if (!schema) return { wrong: `kind: expected one of ${Object.keys(schemas).join(', ')}` };
  const [error] = Errors(schema, body);
  if (error) return { wrong: `${error.instancePath}: ${error.message}` };
  const instruction = body as unknown as Instruction;
  if (instruction.kind !== 'start') return instruction;
  try {
    return { ...instruction, program: readProgram(instruction.program) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [first] = error.details.errors ?? [];
    return { wrong: `${first?.pointer ?? '/program'}: ${first?.reason ?? error.message}` };
  }
};
