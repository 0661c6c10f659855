import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Allow } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, PatternField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';

import { ProductRegistry } from '../registry.js';
import { ResolveListConflict } from './commands.js';
import { requireProductId } from './find-product.js';

class ResolveListConflictBody extends ReasonedBody {
  @PatternField(/^[a-z][a-z0-9-]{0,49}$/, 'the name of a list such as cec-batteries', {
    example: 'cec-batteries',
  })
  list!: string;

  @TextField(300, {
    description:
      'What the list says otherwise: `/elements/{name}`, `/certifications/{standard}` or `/qualifications/{agency}/{field}`, a remark as `remarks/{column}`.',
    example: '/elements/EnergyCapacityNominal',
  })
  path!: string;

  @ChoiceField(['keep', 'take'], {
    description: '`keep` what stands, and note what the list says; or `take` what the list says.',
    example: 'keep',
  })
  decision!: 'keep' | 'take';

  @ApiProperty({
    type: Object,
    nullable: true,
    description:
      'As the list says it: an element, a certification (agency, edition, certificateDate), a text; null where it says nothing.',
    example: { value: '20.5', unit: 'kWh' },
  })
  @Allow()
  value!: unknown;
}

/** What a list and a person say differently, settled by a person. */
@ApiTags('products')
@ApiBearerAuth()
@Controller('v1/products')
@RequirePermission('products.write')
export class ListConflictController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly registry: ProductRegistry,
  ) {}

  @CommandRoute(':id/resolve-conflict', {
    summary: 'Keep what stands, or take what a list says',
    description:
      'For one value of a row that waits in review. Whatever is decided, the row is asked about again only when the list says something else.',
  })
  async resolve(
    @Param('id') idOrCode: string,
    @Body() body: ResolveListConflictBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const { list, path, decision, value } = body;
    const id = await requireProductId(this.registry, idOrCode);
    return this.gateway.handle(call, {
      ...{ on: this.registry.products, id, body },
      command: (meta) => new ResolveListConflict(id, { list, path, decision, value }, meta),
    });
  }
}
