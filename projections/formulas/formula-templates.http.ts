import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { Expectation, type Parser } from '#http/query-params.js';
import { type Parameters, Parametrized, readParameters } from '#resource/parameters.js';
import { type HouseDevices, houseTemplate } from '#telemetry/formula/house-template.js';
import { shortName, shortNameExpected } from '#telemetry/short-name.js';

const deviceName: Parser<string> = (raw) => {
  if (shortName.test(raw)) return raw;
  throw new Expectation(`expected ${shortNameExpected}`);
};

const parameters = {
  meter: {
    parse: deviceName,
    description: 'Device that measures the circuits; `egauge` unless given.',
  },
  battery: { parse: deviceName, description: 'Name of the battery; `sonnen` unless given.' },
  charger: { parse: deviceName, description: 'Name of the charger; `powerflex` unless given.' },
} satisfies Parameters;

class TemplateItem {
  @ApiProperty({ example: 'solar' }) name!: string;
  @ApiProperty({ example: 'pos(egauge.A.Solar)' }) expression!: string;
  @ApiProperty({ type: String, nullable: true, example: 'kW' }) unit!: string | null;
  @ApiProperty() description!: string;
}

class TemplateResponse {
  @ApiProperty({ type: TemplateItem, isArray: true }) items!: readonly TemplateItem[];
}

@ApiTags('formulas')
@ApiBearerAuth()
@Controller('v1/formula-templates')
@RequirePermission('formulas.read')
export class FormulaTemplatesController {
  @Get('house')
  @ApiOperation({
    summary: 'The sixteen formulas of a house',
    description: 'As bodies of commands that define them; nothing is defined by asking for them.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: TemplateResponse })
  house(@Query() query: Record<string, unknown>): TemplateResponse {
    const given = readParameters<Partial<HouseDevices>>(query, parameters);
    const { meter = 'egauge', battery = 'sonnen', charger = 'powerflex' } = given;
    return { items: houseTemplate({ meter, battery, charger }) };
  }
}
