import { Body, Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { Refusal } from '#kernel/refusal.js';
import { requireUnit } from '#series/formula-units.js';

import { shortName, shortNameExpected } from '../short-name.js';
import { Sites } from '../site/find-site.js';
import { formulaIdOf, Formulas } from './formulas.js';

class DefineFormulaBody extends OptionalReasonBody {
  @TextField(2_000, { example: 'pos(egauge.A.Solar)' })
  expression!: string;

  @TextField(40, {
    nullable: true,
    description: 'Unit of its values; where it is left out, that of what it is computed from.',
    example: 'kW',
  })
  unit?: string | null;

  @TextField(2_000, { optional: true, example: 'Power of the panels' })
  description?: string;
}

class FormulaVersionResponse {
  @ApiProperty() version!: number;
  @ApiProperty({ example: 'pos(egauge.A.Solar)' }) expression!: string;
  @ApiProperty({ type: String, nullable: true, example: 'kW' }) unit!: string | null;
  @ApiProperty() description!: string;
}

class FormulaVersionsResponse {
  @ApiProperty({ format: 'uuid' }) siteId!: string;
  @ApiProperty({ example: 'solar' }) name!: string;
  @ApiProperty({ enum: ['inUse', 'withdrawn'] }) status!: string;
  @ApiProperty({ type: FormulaVersionResponse, isArray: true })
  versions!: readonly FormulaVersionResponse[];
}

@ApiTags('formulas')
@ApiBearerAuth()
@Controller('v1/sites')
export class FormulaController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly sites: Sites,
    private readonly formulas: Formulas,
  ) {}

  @CommandRoute(':id/formulas/:name/define', {
    summary: 'Define a formula of a site, or define it anew',
    description:
      'Series are `device.series`, other formulas `analytics.<name>`. What it was before stays as a version. A device may be renamed: ' +
      'the formula goes on with it. ' +
      'Operators are + - * / ^ and comparisons, `condition ? one : other`; functions sin, cos, tan, abs, exp, pos, neg, and ' +
      '`avg`, `integral` (value times hours) and `delta` of a value and a period in milliseconds: `avg(egauge.A.Solar, 900000)`. ' +
      '`events.<device:device>::<kind:kind>.<field>` is what occurrences say, without `.field` 1 for each; without devices or ' +
      'kinds, all of them. Values that are added or compared are in one unit, and the unit is one of their quantity.',
  })
  @RequirePermission('formulas.write')
  define(
    @Param('id') siteId: string,
    @Param('name') name: string,
    @Body() body: DefineFormulaBody,
    @Call() call: HttpCall,
  ) {
    const { expression, description = '' } = body;
    if (!shortName.test(name)) throw nameInvalid();
    return this.gateway.handle(call, {
      on: this.formulas.states,
      id: formulaIdOf(siteId, name),
      body,
      command: async (meta) => {
        await this.sites.find(siteId);
        const { quantity, devices } = await this.formulas.resolve(expression, {
          ...{ siteId, within: [name] },
        });
        const { unit = quantity.unit ?? null } = body;
        if (unit !== null) requireUnit(quantity, unit);
        const isNaming = Object.keys(devices).length > 0;
        const definition = { expression, unit, description, ...(isNaming && { devices }) };
        const data = { siteId, name, ...definition };
        return { type: 'DefineFormula', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/formulas/:name/withdraw', {
    summary: 'Withdraw a formula',
    description: 'No other formula can name it from then on; its versions can still be asked for.',
  })
  @RequirePermission('formulas.write')
  withdraw(
    @Param('id') siteId: string,
    @Param('name') name: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ) {
    return this.gateway.handle(call, {
      on: this.formulas.states,
      id: formulaIdOf(siteId, name),
      body,
      command: (meta) => ({ type: 'WithdrawFormula', data: {}, meta }) as const,
    });
  }

  @Get(':id/formulas/:name')
  @RequirePermission('formulas.read')
  @ApiOperation({
    summary: 'A formula with all its versions',
    description:
      'Withdrawn ones too. Devices are called as they are now. Who defined each, when and why says `GET /v1/formulas/{id}/history`.',
  })
  @ApiOkResponse({ type: FormulaVersionsResponse })
  async one(
    @Param('id') siteId: string,
    @Param('name') name: string,
  ): Promise<FormulaVersionsResponse> {
    const { status, definitions } = await this.formulas.find(siteId, name);
    const versions = await Promise.all(
      definitions.map(async (definition, index) => ({
        version: index + 1,
        expression: await this.formulas.named(siteId, definition),
        unit: definition.unit,
        description: definition.description,
      })),
    );
    return { siteId, name, status, versions };
  }
}

const nameInvalid = () =>
  new Refusal('FORMULA_NAME_INVALID', 'invalid', 'this is no name of a formula', {
    errors: [
      {
        pointer: '/name',
        reason: `expected ${shortNameExpected}`,
      },
    ],
  });
