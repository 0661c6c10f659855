import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, InstantField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody, RequiredReasonBody } from '#http/command-route.js';
import { parseInstant } from '#kernel/instant.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { Devices } from '../device/find-device.js';
import { SamplesIntake } from '../samples/samples-intake.js';
import {
  type Interpolation,
  interpolations,
  type SeriesKind,
  seriesKinds,
  type ValueType,
  valueTypes,
} from './events.js';

const yearMs = 366 * 86_400_000;
const longestDays = 36_525;
const series = { description: 'Dotted name, unique within the device.', example: 'A.Solar' };
const number = (description: string) => ({ type: Number, nullable: true, description }) as const;
const intervalExpected = `expected milliseconds from 1 to ${String(yearMs)}`;
const daysExpected = `expected days from 1 to ${String(longestDays)}, or null`;
const isNumber = { message: 'expected a number' };

class DeclareSeriesBody extends OptionalReasonBody {
  @TextField(200, series)
  series!: string;

  @ChoiceField(valueTypes, { example: 'number' })
  valueType!: ValueType;

  @TextField(40, { nullable: true, description: 'Unit of its values.', example: 'kW' })
  unit?: string | null;

  @ChoiceField(seriesKinds, {
    optional: true,
    description:
      'gauge: a quantity of the moment, and what a number is unless said otherwise; total: a counter that only grows; net: one that may fall.',
    example: 'gauge',
  })
  kind?: SeriesKind;

  @ChoiceField(interpolations, {
    optional: true,
    description:
      'How it goes between two samples; hold unless said otherwise. Numbers of a series that nobody declared are taken for linear, so say `linear` where that is to stay.',
  })
  interpolation?: Interpolation;

  @ApiPropertyOptional(number('Expected time between two samples, in milliseconds.'))
  @IsOptional()
  @IsInt({ message: intervalExpected })
  @Min(1, { message: intervalExpected })
  @Max(yearMs, { message: intervalExpected })
  intervalMs?: number | null;

  @ApiPropertyOptional(number('The value at which a total starts again at zero.'))
  @IsOptional()
  @IsNumber({}, isNumber)
  rollOver?: number | null;

  @ApiPropertyOptional(
    number('Lowest plausible value: a lower one is kept, with the quality uncertain.'),
  )
  @IsOptional()
  @IsNumber({}, isNumber)
  low?: number | null;

  @ApiPropertyOptional(
    number('Highest plausible value: a higher one is kept, with the quality uncertain.'),
  )
  @IsOptional()
  @IsNumber({}, isNumber)
  high?: number | null;
}

class SetRetentionBody extends RequiredReasonBody {
  @TextField(200, series)
  series!: string;

  @ApiPropertyOptional(number('Days; null or absent: for ever.'))
  @IsOptional()
  @IsInt({ message: daysExpected })
  @Min(1, { message: daysExpected })
  @Max(longestDays, { message: daysExpected })
  days?: number | null;
}

class ExpireSamplesBody extends RequiredReasonBody {
  @TextField(200, series)
  series!: string;

  @InstantField({
    description: 'Single samples before it are dropped, as far as they fill whole minutes.',
    example: '2026-01-01T00:00:00.000Z',
  })
  before!: string;
}

const kindOf: Readonly<Record<ValueType, SeriesKind>> = {
  ...{ number: 'gauge', boolean: 'state', text: 'text' },
};

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('devices.write')
export class SeriesController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly devices: Devices,
    private readonly intake: SamplesIntake,
  ) {}

  @CommandRoute(':id/declare-series', {
    summary: 'Say what the values of a series stand for',
    description:
      'Past samples are read by it too, so that a unit stays as it is, and a type that was declared. One that was learnt from the ' +
      'first value may be set right: texts that came before are kept and shown as texts, and are no numbers of the series; to ' +
      'have a number in the place of one, correct it. What is left out gets its default, whatever was declared before.',
  })
  declare(@Param('id') id: string, @Body() body: DeclareSeriesBody, @Call() call: HttpCall) {
    const { series: name, valueType, unit = null, kind = kindOf[valueType] } = body;
    const { interpolation = 'hold', intervalMs = null, rollOver = null, low = null } = body;
    const data = {
      ...{ series: name, valueType, unit, kind, interpolation, intervalMs, rollOver, low },
      high: body.high ?? null,
    };
    return this.gateway.handle(call, {
      on: this.intake.series,
      id,
      body,
      command: async (meta) => {
        await this.devices.find(id);
        return { type: 'DeclareSeries', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/set-retention', {
    summary: 'Set for how long single samples of a series are kept',
    description: 'Older ones are dropped for good. Sums, means and extremes stay for ever.',
  })
  setRetention(@Param('id') id: string, @Body() body: SetRetentionBody, @Call() call: HttpCall) {
    const data = { series: body.series, days: body.days ?? null };
    return this.gateway.handle(call, {
      on: this.intake.series,
      id,
      body,
      command: async (meta) => {
        await this.devices.known(id);
        return { type: 'SetRetention', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/expire-samples', {
    summary: 'Drop single samples of a series',
    description:
      'For good: what is sent again for that time is counted as expired. Sums, means and extremes stay for ever. A series ' +
      'with a retention loses its old samples each day without being asked.',
  })
  expire(@Param('id') id: string, @Body() body: ExpireSamplesBody, @Call() call: HttpCall) {
    const before = parseInstant(body.before) ?? NaN;
    const data = { series: body.series, before: new Date(before).toISOString() };
    return this.gateway.handle(call, {
      on: this.intake.series,
      id,
      body,
      command: async (meta) => {
        if (before > wallNow()) throw notPast();
        await this.devices.known(id);
        return { type: 'ExpireSamples', data, meta } as const;
      },
    });
  }
}

const notPast = () =>
  new Refusal('EXPIRY_INVALID', 'unprocessable', 'only past samples can be dropped', {
    errors: [{ pointer: '/before', reason: 'expected a time that is not in the future' }],
  });
