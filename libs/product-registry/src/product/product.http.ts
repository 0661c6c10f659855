import { Body, Controller, Param } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiProperty,
  ApiPropertyOptional,
  type ApiPropertyOptions,
  ApiTags,
} from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsObject, MaxLength } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import {
  ChoiceField,
  DayField,
  IdField,
  PatternField,
  TextField,
  TextRecordField,
} from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';
import { MayBeMissing } from '#http/validation.js';
import type { CommandMeta } from '#kernel/command.js';

import { maxNameLength } from '../codes.js';
import type { ElementInputs } from '../read-elements.js';
import { ProductRegistry } from '../registry.js';
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

class RecordCertificationBody extends ReasonedBody {
  @TextField(maxNameLength, { example: 'CSA Group' })
  agency!: string;

  @PatternField(
    /^[A-Z][A-Za-z0-9 ._/-]{0,49}$/,
    'the name of a standard such as UL1973, up to 50 characters',
    { example: 'UL1973' },
  )
  standard!: string;

  @TextField(100, { nullable: true, example: 'Ed. 3 : 2022' })
  edition?: string | null;

  @DayField({ nullable: true, example: '2025-12-29' })
  certificateDate?: string | null;

  @IdField('the id of a certification', {
    optional: true,
    description: 'Id of the certification that this one replaces.',
  })
  supersedes?: string;
}

class SupersedeCertificationBody extends ReasonedBody {
  @IdField('the id of a certification', { example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000003' })
  certificationId!: string;

  @IdField('the id of a certification', {
    description: 'Id of the certification that replaces it.',
    example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004',
  })
  by!: string;
}

class WithdrawListingBody extends ReasonedBody {
  @TextField(100, { example: 'CEC' })
  agency!: string;
}

class PublishListingBody extends WithdrawListingBody {
  @DayField({ nullable: true, example: '2025-02-11' })
  listingDate?: string | null;

  @DayField({ nullable: true, example: '2026-02-02' })
  lastUpdate?: string | null;

  @TextField(2000, { nullable: true, example: 'JA12 declared' })
  notes?: string | null;

  @TextRecordField(50, 2000, {
    optional: true,
    example: { 'Declaration for JA12 Submitted': 'N' },
  })
  remarks?: Record<string, string>;
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
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a product',
    description:
      'A manufacturer has at most one product of a model. A manufacturer is named by id, name or alias and must be registered.',
  })
  register(@Body() body: RegisterProductBody, @Call() call: HttpCall): Promise<WriteResponse> {
    const { type: productType, manufacturer, model, elements = {} } = body;
    const data = { productType, manufacturer, model, elements };
    return this.gateway.handle(call, {
      body,
      command: (meta, id) => new RegisterProduct(id, data, meta),
      on: (_, command, options) => registerProduct(this.registry, command, options),
    });
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
