import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import {
  ChoiceField,
  DayField,
  NumberField,
  ObjectField,
  ObjectsField,
  TextField,
} from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { RangeField, rangeOf, RenameThingBody } from '../bodies.http.js';
import { LabLookups } from '../lookups.js';
import type { Range } from '../ranges.js';
import { Batteries } from '../things.js';
import type { Battery } from './document.js';
import {
  bipolarPlates,
  chemistries,
  membranes,
  polarities,
  technologies,
  type Technology,
} from './events.js';

type RedoxFlow = NonNullable<Battery['redoxFlow']>;
type Electrolyte = RedoxFlow['electrolytes'][number];

class BatteryLimitsBody {
  @RangeField('V', { description: 'Of the whole battery.', example: { min: 2, max: 3.6 } })
  voltageV!: Range;

  @RangeField('A', {
    description: 'Positive charges: `min` is the largest discharge.',
    example: { min: -70, max: 10 },
  })
  currentA!: Range;

  @RangeField('degC', { description: 'In degC.', example: { min: -20, max: 60 } })
  temperatureC!: Range;
}

// Without examples, so that the example of a battery is one of another technology.
class ElectrolyteBody {
  @ChoiceField(polarities, {})
  polarity!: Electrolyte['polarity'];

  @NumberField({ above: 0, max: 1e6 }, { description: 'In L.' })
  volumeL!: number;

  @RangeField('L/min', { description: 'What the pumps may do.' })
  flowLPerMin!: Range;
}

class RedoxFlowBody {
  @NumberField({ above: 0, max: 1e4 }, { description: 'Of one electrode, in m2.' })
  electrodeAreaM2!: number;

  @TextField(100, { nullable: true, description: 'What the electrodes are composed of.' })
  electrode?: string | null;

  @ChoiceField(bipolarPlates, {})
  bipolarPlate!: RedoxFlow['bipolarPlate'];

  @ChoiceField(membranes, {})
  membrane!: RedoxFlow['membrane'];

  @ObjectsField(ElectrolyteBody, { max: 2 }, { description: 'One for each polarity.' })
  electrolytes!: readonly ElectrolyteBody[];
}

const product = {
  nullable: true,
  description: 'Product of the registry that the battery is one of: its id, or any of its codes.',
};

class RegisterBatteryBody extends OptionalReasonBody {
  @TextField(100, { description: 'What the lab calls it.', example: 'aged cell 7' })
  name!: string;

  @TextField(2_000, { nullable: true, description: 'What it is.' })
  description?: string | null;

  @TextField(100, { example: 'A123' })
  manufacturer!: string;

  @TextField(100, { example: 'ANR26650M1' })
  model!: string;

  @TextField(100, { description: 'Unique for manufacturer and model.', example: 'K2-016' })
  serialNumber!: string;

  @DayField({ nullable: true, description: 'Day on which it was made.' })
  manufacturedOn?: string | null;

  @ChoiceField(technologies, { example: 'lithium' })
  technology!: Technology;

  @TextField(40, {
    description: technologies
      .map((technology) => `${technology}: ${chemistries[technology].join(', ')}`)
      .join('; '),
    example: 'LFP',
  })
  chemistry!: string;

  @ObjectField(RedoxFlowBody, 'the data of a redox flow stack', {
    ...{ optional: true, description: 'Of a redox flow battery alone.' },
  })
  redoxFlow?: RedoxFlowBody;

  @NumberField({ above: 0, max: 1e6 }, { description: 'In Ah.', example: 2.3 })
  nominalCapacityAh!: number;

  @NumberField(
    { above: 0, max: 1e9 },
    { optional: true, description: 'Active material, in g: specific capacities are about it.' },
  )
  activeMassG?: number;

  @NumberField({ min: 1, max: 10_000, whole: true }, { example: 1 })
  cellsInSeries!: number;

  @ObjectField(BatteryLimitsBody, 'the safe ranges of the battery', {
    description: 'Within which it may be driven.',
  })
  limits!: BatteryLimitsBody;

  @TextField(100, product)
  productId?: string | null;
}

class ReviseBatteryLimitsBody extends OptionalReasonBody {
  @ObjectField(BatteryLimitsBody, 'the safe ranges of the battery', {
    description: 'All of them; experiments that run keep those that they began with.',
  })
  limits!: BatteryLimitsBody;
}

class SetBatteryProductBody extends OptionalReasonBody {
  @TextField(100, product)
  productId?: string | null;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/batteries')
@RequirePermission('lab.write')
export class BatteryController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly batteries: Batteries,
    private readonly lookups: LabLookups,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a battery of the lab',
    description: 'Its serial number is claimed for its manufacturer and model.',
  })
  register(@Body() body: RegisterBatteryBody, @Call() call: HttpCall) {
    const { name, manufacturer, model, serialNumber, technology, chemistry } = body;
    const { nominalCapacityAh, cellsInSeries, redoxFlow, productId } = body;
    const { description, manufacturedOn = null, activeMassG } = body;
    const data = {
      ...{ name, description: description ?? '', manufacturer, model, serialNumber },
      ...{ manufacturedOn, technology, chemistry, nominalCapacityAh, cellsInSeries },
      ...(activeMassG !== undefined && { activeMassG }),
      ...{ redoxFlow: redoxFlow ? stackOf(redoxFlow) : null, limits: limitsOf(body.limits) },
    };
    return this.gateway.handle(call, {
      on: this.batteries.handle,
      body,
      command: async (meta) => {
        const found = await this.productOf(productId);
        return { type: 'RegisterBattery', data: { ...data, productId: found }, meta };
      },
    });
  }

  @CommandRoute(':id/rename', {
    summary: 'Rename a battery',
    description: 'Names of batteries need not be unique; serial numbers are.',
  })
  rename(@Param('id') id: string, @Body() body: RenameThingBody, @Call() call: HttpCall) {
    const data = { name: body.name };
    return this.gateway.handle(call, {
      ...{ on: this.batteries.handle, id, body },
      command: (meta) => ({ type: 'RenameBattery', data, meta }),
    });
  }

  @CommandRoute(':id/revise-limits', {
    summary: 'Revise the safe ranges of a battery',
    description: 'Those before stay in the history.',
  })
  reviseLimits(
    @Param('id') id: string,
    @Body() body: ReviseBatteryLimitsBody,
    @Call() call: HttpCall,
  ) {
    const data = { limits: limitsOf(body.limits) };
    return this.gateway.handle(call, {
      ...{ on: this.batteries.handle, id, body },
      command: (meta) => ({ type: 'ReviseBatteryLimits', data, meta }),
    });
  }

  @CommandRoute(':id/set-product', {
    summary: 'Say of which product of the registry a battery is one',
    description: 'Null or absent: of none.',
  })
  setProduct(@Param('id') id: string, @Body() body: SetBatteryProductBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.batteries.handle, id, body },
      command: async (meta) => {
        const data = { productId: await this.productOf(body.productId) };
        return { type: 'SetBatteryProduct', data, meta };
      },
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a battery',
    description:
      'Refused while it is in an experiment. Its serial number is free then; what still waits for it fails at its turn.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.batteries.handle, id, body },
      command: (meta) => ({ type: 'RetireBattery', data: {}, meta }),
    });
  }

  private async productOf(idOrCode: string | null | undefined): Promise<string | null> {
    return idOrCode === null || idOrCode === undefined ? null : this.lookups.productId(idOrCode);
  }
}

const limitsOf = ({ voltageV, currentA, temperatureC }: BatteryLimitsBody) => ({
  ...{ voltageV: rangeOf(voltageV), currentA: rangeOf(currentA) },
  temperatureC: rangeOf(temperatureC),
});

const stackOf = (given: RedoxFlowBody): RedoxFlow => {
  const { electrodeAreaM2, electrode = null, bipolarPlate, membrane, electrolytes } = given;
  return {
    ...{ electrodeAreaM2, electrode, bipolarPlate, membrane },
    electrolytes: electrolytes.map(({ polarity, volumeL, flowLPerMin }) => ({
      ...{ polarity, volumeL, flowLPerMin: rangeOf(flowLPerMin) },
    })),
  };
};
