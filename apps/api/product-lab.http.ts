import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { technologies } from '#battery-lab/battery/events.js';
import {
  type BatteryProposal,
  proposalOf,
  type RegisteredProduct,
} from '#battery-lab/battery/proposal.js';
import type { Position } from '#event-log/event-log.js';
import { position } from '#http/query-params.js';
import { experimentList, ofProducts } from '#projections/experiments/experiments.http.js';
import { batteries } from '#projections/lab-things/batteries.http.js';
import { products } from '#projections/product-catalog/products.http.js';
import { answerList } from '#resource/answer-list.js';
import {
  listParameters,
  type Parameters,
  Parametrized,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { readOne } from '#resource/reading.js';
import { type Resource, unknownIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import type { Condition } from '#resource/sql.js';

class ProposedRangeResponse {
  @ApiProperty() min!: number;
  @ApiProperty() max!: number;
}

class ProposedLimitsResponse {
  @ApiPropertyOptional() voltageV?: ProposedRangeResponse;
  @ApiPropertyOptional({ description: 'Positive charges.' }) currentA?: ProposedRangeResponse;
  @ApiPropertyOptional() temperatureC?: ProposedRangeResponse;
}

class ProposedBatteryResponse {
  @ApiPropertyOptional({ example: 'A123' }) manufacturer?: string;
  @ApiPropertyOptional({ example: 'ANR26650M1' }) model?: string;
  @ApiPropertyOptional({ enum: technologies }) technology?: (typeof technologies)[number];
  @ApiPropertyOptional({ example: 'LFP' }) chemistry?: string;
  @ApiPropertyOptional({ example: 2.3 }) nominalCapacityAh?: number;
  @ApiPropertyOptional() cellsInSeries?: number;
  @ApiProperty() limits!: ProposedLimitsResponse;
}

class ProposalSourceResponse {
  @ApiProperty({ description: 'JSON pointer into the battery.', example: '/nominalCapacityAh' })
  pointer!: string;
  @ApiProperty({
    type: [String],
    example: ['EnergyCapacityNominal 10.24 kWh', 'VoltageDCNom 51.2 V'],
  })
  from!: readonly string[];
  @ApiProperty({ type: String, nullable: true, example: 'energy divided by voltage' })
  how!: string | null;
}

class OpenFieldResponse {
  @ApiProperty({ example: '/limits/voltageV' }) pointer!: string;
  @ApiProperty({ example: 'the registry does not state VoltageDCMin' }) reason!: string;
}

class BatteryProposalResponse implements BatteryProposal {
  @ApiProperty({ format: 'uuid' }) productId!: string;
  @ApiProperty({ type: String, nullable: true }) code!: string | null;
  @ApiProperty({ description: 'As the body of `POST /v1/batteries` has it.' })
  battery!: ProposedBatteryResponse;
  @ApiProperty({ type: [ProposalSourceResponse], description: 'Where each value comes from.' })
  sources!: readonly ProposalSourceResponse[];
  @ApiProperty({ type: [OpenFieldResponse], description: 'What an engineer has to say, and why.' })
  open!: readonly OpenFieldResponse[];
}

const parameters = {
  after: { parse: position, description: 'Wait until this position is visible.' },
} satisfies Parameters;

/** A list as it is documented for a product. */
const listOf = <Item>(resource: Resource<Item>, what: string): Resource<Item> => ({
  ...resource,
  list: { ...resource.list, summary: `${what}, the newest first` },
});

/** What the lab has of a product: the registry and the lab do not know each other. */
@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/products')
@RequirePermission('lab.read')
export class ProductLabController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @Get(':idOrCode/battery-proposal')
  @ApiOperation({
    summary: 'What the registry says of a battery of this product',
    description:
      'Nominal data and safe ranges with where each comes from, and what is open. Nothing is registered: an engineer confirms it by registering a battery with it.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: BatteryProposalResponse })
  @ApiNotFoundResponse({ description: 'PRODUCT_UNKNOWN' })
  async propose(
    @Param('idOrCode') idOrCode: string,
    @Query() query: RawQuery,
  ): Promise<BatteryProposalResponse> {
    const { after } = readParameters<{ after?: Position }>(query, parameters);
    const { store } = this.reader;
    await products.ready(store, after);
    const product = await readOne(store.pool, products, idOrCode);
    if (!product) throw unknownIn(products);
    const { id, code, manufacturer, model, elements } = product;
    const known: RegisteredProduct = { id, code, manufacturer: manufacturer.name, model, elements };
    return proposalOf(known);
  }

  @ListRoute(listOf(batteries, 'Batteries of the lab of a product'), ':idOrCode/batteries')
  async batteries(
    @Param('idOrCode') idOrCode: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    readParameters(query, listParameters(batteries)); // A wrong query is told before an unknown product.
    const ofProduct = await this.ofProduct(
      batteries,
      idOrCode,
      (ids) => (sql) => `document ->> 'productId' = any(${sql.add(ids)}::text[])`,
    );
    return answerList(this.reader.store, ofProduct, query, request, reply);
  }

  @ListRoute(
    listOf(experimentList, 'Experiments with batteries of a product'),
    ':idOrCode/experiments',
  )
  async experiments(
    @Param('idOrCode') idOrCode: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    readParameters(query, listParameters(experimentList));
    const ofProduct = await this.ofProduct(experimentList, idOrCode, ofProducts);
    return answerList(this.reader.store, ofProduct, query, request, reply);
  }

  /** The rows of a product that is named by its id or any of its codes, and of those that were merged into it. */
  private async ofProduct<Item>(
    resource: Resource<Item>,
    idOrCode: string,
    belongsTo: (productIds: readonly string[]) => Condition,
  ): Promise<Resource<Item>> {
    const { store } = this.reader;
    await products.ready(store, undefined);
    const product = await readOne(store.pool, products, idOrCode);
    if (!product) throw unknownIn(products);
    // Cursors of others fit nothing here.
    return {
      ...{ ...resource, name: `${resource.name} of ${product.id}` },
      where: [belongsTo([product.id, ...product.merged.map(({ id }) => id)])],
    };
  }
}
