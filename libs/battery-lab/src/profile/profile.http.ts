import { createHash } from 'node:crypto';

import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { type Program, programHash } from '#cycling/program/program.js';
import { readSentences } from '#cycling/program/sentences.js';
import { readTextForm } from '#cycling/program/text-form.js';
import { readProgram } from '#cycling/program/validate.js';
import { JsonField, LinesField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { Refusal } from '#kernel/refusal.js';

import { Profiles } from '../things.js';

const longest = 200_000;

class ReviseProfileBody extends OptionalReasonBody {
  @JsonField('an object with steps', {
    optional: true,
    description: 'The program. Instead of it, `text` or `sentences` may say it.',
    example: {
      steps: [
        { do: 'cccv', cRate: 0.5, voltageV: 3.6, until: [{ currentA: 0.05 }] },
        { do: 'cc', cRate: -1, until: [{ voltageV: 2.5 }] },
      ],
    },
  })
  program?: object;

  @LinesField(longest, {
    optional: true,
    description:
      'Instead of the program: an instruction per line, `WAIT, 600` or `CC, 2.0, VOLTAGE, 4.2`, in V, A, W and s.',
  })
  text?: string;

  @LinesField(longest, {
    optional: true,
    description:
      'Instead of the program: a sentence per line, "Charge at C/10 for 1 h or until 4.1 V", "Rest for 30 min".',
  })
  sentences?: string;
}

class DefineProfileBody extends ReviseProfileBody {
  @TextField(100, { description: 'Unique among profiles in use.', example: 'CC-CV ageing' })
  name!: string;

  @TextField(2_000, { nullable: true, description: 'What it is for.' })
  description?: string | null;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/profiles')
@RequirePermission('lab.write')
export class ProfileController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly profiles: Profiles,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Define a profile',
    description: 'A named program that batteries are tested by; this is its version 1.',
  })
  define(@Body() body: DefineProfileBody, @Call() call: HttpCall) {
    const { name, description } = body;
    const data = { name, description: description ?? '', ...programOf(body) };
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, body },
      command: (meta) => ({ type: 'DefineProfile', data, meta }),
    });
  }

  @CommandRoute(':id/revise', {
    summary: 'Give a profile another program',
    description: 'As a new version; the same program changes nothing.',
  })
  revise(@Param('id') id: string, @Body() body: ReviseProfileBody, @Call() call: HttpCall) {
    const data = programOf(body);
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, id, body },
      command: (meta) => ({ type: 'ReviseProfile', data, meta }),
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a profile',
    description: 'No new experiment runs by it; its versions stay and its name is free.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, id, body },
      command: (meta) => ({ type: 'RetireProfile', data: {}, meta }),
    });
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The program of a body, in whichever form it is. Throws what is wrong with it, by line and column or by pointer. */
const programOf = ({ program, text, sentences }: ReviseProfileBody) => {
  const given = [program, text, sentences].filter((form) => form !== undefined);
  if (given.length !== 1) throw oneForm();
  const read =
    text !== undefined
      ? readTextForm(text)
      : sentences !== undefined
        ? fromSentences(sentences)
        : readProgram(program);
  return { program: read, hash: programHash(read, sha256) };
};

/** What cannot be read is named by the member that holds it. */
const fromSentences = (sentences: string): Program => {
  try {
    return readSentences(sentences);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, kind, message, details } = error;
    const errors = details.errors?.map(({ reason }) => ({ pointer: '/sentences', reason })) ?? [];
    throw new Refusal(code, kind, message, { ...details, errors });
  }
};

const oneForm = () =>
  new Refusal('PROGRAM_FORM_INVALID', 'invalid', 'a program comes in one form', {
    errors: [{ pointer: '/program', reason: 'expected one of program, text and sentences' }],
  });
