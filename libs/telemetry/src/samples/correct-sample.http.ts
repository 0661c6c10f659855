import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, InstantField, ScalarField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, RequiredReasonBody } from '#http/command-route.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { Devices } from '../device/find-device.js';
import { type KnownSeries, unknownSeries } from '../series/decider.js';
import { qualities, type Quality, samplesIdOf, type SampleValue } from './events.js';
import { readTime } from './read-time.js';
import { SamplesIntake } from './samples-intake.js';

class CorrectSampleBody extends RequiredReasonBody {
  @TextField(200, { description: 'The series.', example: 'A.Solar' })
  series!: string;

  @InstantField({ description: 'Time of the sample.', example: '2026-05-04T11:00:00.000Z' })
  at!: string;

  @ScalarField({
    description: 'The right value, in the unit of the series; null: there is no such sample.',
    example: 1.2,
  })
  value!: SampleValue;

  @ChoiceField(qualities, { optional: true, description: 'Of the right value; good unless given.' })
  quality?: Quality;
}

@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('samples.write')
export class CorrectSampleController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly devices: Devices,
    private readonly intake: SamplesIntake,
  ) {}

  @CommandRoute(':id/correct-sample', {
    summary: 'Say what a sample should have been',
    description:
      'It counts from then on, in the place of what was sent for that time. What was sent stays in the log, with who ' +
      'corrected it and why.',
  })
  correct(@Param('id') device: string, @Body() body: CorrectSampleBody, @Call() call: HttpCall) {
    const { series, value, quality = 'good' } = body;
    const { ms, reason: wrongTime } = readTime(body.at, { timeUnit: 'ms', now: wallNow() });
    if (ms === undefined) throw timeInvalid(wrongTime ?? '');
    const at = new Date(ms).toISOString();
    const data = { device, series, at, value, quality };
    return this.gateway.handle(call, {
      on: this.intake.samples,
      id: samplesIdOf(device, at.slice(0, 10)),
      body,
      command: async (meta) => {
        await this.devices.known(device);
        const known = (await this.intake.series.refresh(device)).state.get(series);
        if (!known) throw unknownSeries();
        requireFits(value, known);
        requireKept(at, known);
        return { type: 'CorrectSample', data, meta } as const;
      },
    });
  }
}

const timeInvalid = (reason: string) =>
  new Refusal('SAMPLE_INVALID', 'unprocessable', 'no sample can be of that time', {
    errors: [{ pointer: '/at', reason }],
  });

const typeNames = { number: 'a number', boolean: 'true or false', text: 'a text' } as const;

const requireFits = (value: SampleValue, { valueType }: KnownSeries): void => {
  if (value === null || typeof value === (valueType === 'text' ? 'string' : valueType)) return;
  throw new Refusal('SAMPLE_INVALID', 'unprocessable', 'the series has no such values', {
    errors: [{ pointer: '/value', reason: `expected ${typeNames[valueType]}, or null` }],
  });
};

const requireKept = (at: string, { expiredBefore }: KnownSeries): void => {
  if (expiredBefore === undefined || at >= expiredBefore) return;
  throw new Refusal(
    'SAMPLES_EXPIRED',
    'unprocessable',
    'single samples of that time were dropped, and what was computed of them stays',
    { errors: [{ pointer: '/at', reason: `expected ${expiredBefore} or later` }] },
  );
};
