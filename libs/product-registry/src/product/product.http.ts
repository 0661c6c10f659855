import { Body, Controller, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiProperty,
  ApiPropertyOptional,
  type ApiPropertyOptions,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsObject, MaxLength } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';
import { MayBeMissing } from '#http/validation.js';
import type { CommandMeta } from '#kernel/command.js';

import { maxNameLength } from '../codes.js';
import { LookAlikes, type ResemblingProduct } from '../look-alikes.js';
import { resolveManufacturer } from '../manufacturer/resolve-manufacturer.js';
import type { ElementInputs } from '../read-elements.js';
import { ProductRegistry } from '../registry.js';
import {
  readStrict,
  refuseResembling,
  RegisteredProductResponse,
  strictQuery,
} from '../resembles.http.js';
import {
  type ProductCommands,
  PublishListing,
  RecordCertification,
  RegisterProduct,
  SetElements,
  SupersedeCertification,
  WithdrawElements,
  WithdrawListing,
} from './commands.js';
import { type ProductType, productTypes } from './events.js';
import { requireProductId } from './find-product.js';
import {
  PublishListingBody,
  RecordCertificationBody,
  SupersedeCertificationBody,
  WithdrawListingBody,
} from './paper-bodies.http.js';
import { registerProduct } from './register-product.js';

const elementsSchema: ApiPropertyOptions = {
  type: 'object',
  description:
    'Orange Button element name to value and unit. Decimals are strings, kept as written.',
  additionalProperties: {
    type: 'object',
    properties: {
      value: { description: 'Text, a decimal as text, or a list of {percent, inverter}.' },
      unit: { type: 'string' },
      state: { type: 'string', enum: ['submitted', 'notSubmitted', 'unparsed'] },
    },
  },
  example: { EnergyCapacityNominal: { value: '5.12', unit: 'kWh' } },
};
const elementsExpected = { message: 'expected an object of elements by name' };

class RegisterProductBody extends ReasonedBody {
  @ChoiceField(productTypes, { example: 'ProdBattery' })
  type!: ProductType;

  @TextField(maxNameLength, {
    description: 'Id or name of a registered manufacturer.',
    example: 'Juniper Hill Storage',
  })
  manufacturer!: string;

  @TextField(maxNameLength, { example: 'JH-20.48/A' })
  model!: string;

  @ApiPropertyOptional(elementsSchema)
  @MayBeMissing()
  @IsObject(elementsExpected)
  elements?: ElementInputs;
}

class SetElementsBody extends ReasonedBody {
  @ApiProperty(elementsSchema)
  @IsObject(elementsExpected)
  elements!: ElementInputs;
}

const namesExpected = 'expected a list of 1 to 100 names of elements';

class WithdrawElementsBody extends ReasonedBody {
  @ApiProperty({ example: ['EnergyCapacityNominal'], isArray: true, type: String, maxItems: 100 })
  @IsArray({ message: namesExpected })
  @ArrayNotEmpty({ message: namesExpected })
  @ArrayMaxSize(100, { message: namesExpected })
  @MaxLength(100, { each: true, message: namesExpected })
  names!: string[];
}

/** Commands on products. `:id` is an id, or any code that the product has or had. */
@ApiTags('products')
@ApiBearerAuth()
@Controller('v1/products')
@RequirePermission('products.write')
export class ProductController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly registry: ProductRegistry,
    private readonly lookAlikes: LookAlikes,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a product',
    description:
      'A manufacturer has at most one product of a model. A manufacturer is named by id, name or alias and must be registered. The answer names products that it resembles.',
    answer: RegisteredProductResponse,
  })
  @ApiQuery(strictQuery)
  async register(
    @Body() body: RegisterProductBody,
    @Query() query: Record<string, unknown>,
    @Call() call: HttpCall,
  ): Promise<RegisteredProductResponse> {
    const isStrict = readStrict(query);
    const { type: productType, manufacturer, model, elements = {} } = body;
    const data = { productType, manufacturer, model, elements };
    const looking = this.resembling(manufacturer, model);
    const resembling = looking.catch(() => null);
    const { id, revision, position } = await this.gateway.handle(call, {
      body,
      command: async (meta, id) => {
        if (isStrict) refuseResembling('PRODUCT_RESEMBLES', 'it', others(await looking, id));
        return new RegisterProduct(id, data, meta);
      },
      on: (_, command, options) => registerProduct(this.registry, command, options),
    });
    const found = await resembling;
    return { id, revision, position, resembles: found && others(found, id) };
  }

  private async resembling(
    manufacturer: string,
    model: string,
  ): Promise<readonly ResemblingProduct[]> {
    const maker = await resolveManufacturer(this.registry, manufacturer);
    if (!maker) return [];
    const { id, state } = maker;
    return this.lookAlikes.products({ id, names: [state.name, ...state.aliases] }, model);
  }

  @CommandRoute(':id/set-elements', {
    summary: 'Set elements; the others stay as they are',
    description:
      'Each element is checked against its kind and unit. A decimal is kept as it was written.',
  })
  setElements(@Param('id') id: string, @Body() body: SetElementsBody, @Call() call: HttpCall) {
    return this.change(call, id, body, SetElements, { elements: body.elements });
  }

  @CommandRoute(':id/withdraw-elements', {
    summary: 'Withdraw elements',
    description: 'The values are gone from the product and stay in its history.',
  })
  withdrawElements(
    @Param('id') id: string,
    @Body() body: WithdrawElementsBody,
    @Call() call: HttpCall,
  ) {
    return this.change(call, id, body, WithdrawElements, { names: body.names });
  }

  @CommandRoute(':id/record-certification', {
    summary: 'Record a certification; a newer one of its agency replaces the older',
    description:
      'A certification is known by its agency, standard, edition and date: the same one again changes nothing.',
  })
  recordCertification(
    @Param('id') id: string,
    @Body() body: RecordCertificationBody,
    @Call() call: HttpCall,
  ) {
    const { agency, standard, edition = null, certificateDate = null, supersedes } = body;
    return this.change(call, id, body, RecordCertification, {
      ...{ agency, standard, edition, certificateDate },
      ...(supersedes !== undefined && { supersedes }),
    });
  }

  @CommandRoute(':id/supersede-certification', {
    summary: 'Say that one certification replaces another',
    description: 'Both must be recorded for the product.',
  })
  supersedeCertification(
    @Param('id') id: string,
    @Body() body: SupersedeCertificationBody,
    @Call() call: HttpCall,
  ) {
    const { certificationId, by } = body;
    return this.change(call, id, body, SupersedeCertification, { certificationId, by });
  }

  @CommandRoute(':id/publish-listing', {
    summary: 'Publish an agency’s listing of the product, or revise it',
    description:
      'A product has at most one listing of an agency; a revision replaces its dates, notes and remarks.',
  })
  publishListing(
    @Param('id') id: string,
    @Body() body: PublishListingBody,
    @Call() call: HttpCall,
  ) {
    const { agency, listingDate = null, lastUpdate = null, notes = null, remarks = {} } = body;
    const listing = { agency, listingDate, lastUpdate, notes, remarks };
    return this.change(call, id, body, PublishListing, listing);
  }

  @CommandRoute(':id/withdraw-listing', {
    summary: 'Withdraw an agency’s listing of the product',
    description: 'The listing is gone from the product and stays in its history.',
  })
  withdrawListing(
    @Param('id') id: string,
    @Body() body: WithdrawListingBody,
    @Call() call: HttpCall,
  ) {
    return this.change(call, id, body, WithdrawListing, { agency: body.agency });
  }

  private async change<D>(
    call: HttpCall,
    idOrCode: string,
    body: ReasonedBody,
    Change: new (id: string, data: D, meta: CommandMeta) => ProductCommands,
    data: D,
  ): Promise<WriteResponse> {
    const id = await requireProductId(this.registry, idOrCode);
    const { products: on } = this.registry;
    return this.gateway.handle(call, {
      on,
      id,
      body,
      command: (meta) => new Change(id, data, meta),
    });
  }
}

const others = (found: readonly ResemblingProduct[], ownId: string): readonly ResemblingProduct[] =>
  found.filter(({ id }) => id !== ownId);
