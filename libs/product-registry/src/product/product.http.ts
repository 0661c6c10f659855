import { Body, Controller, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult } from '#event-log/handle-command.js';
import { commandResponse } from '#http/command-response.js';
import { ifMatchOf } from '#http/etag.js';
import { commandMeta } from '#http/request-context.js';
import { newIdOf } from '#kernel/ids.js';

import { type ReasonedBody, WriteAnswer } from '../bodies.http.js';
import { Call, type CommandClass, CommandRoute, type HttpCall } from '../command-route.http.js';
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
import { requireProductId } from './find-product.js';
import {
  PublishListingBody,
  RecordCertificationBody,
  RegisterProductBody,
  SetElementsBody,
  SupersedeCertificationBody,
  WithdrawElementsBody,
  WithdrawListingBody,
} from './product.bodies.http.js';

/** Commands on products. `:id` is an id, or any code that the product has or had. */
@ApiTags('products')
@ApiBearerAuth()
@Controller('v1/products')
@RequirePermission('products.write')
export class ProductController {
  constructor(
    private readonly bus: CommandBus,
    private readonly registry: ProductRegistry,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Register a product',
    description:
      'A manufacturer has at most one product of a model. A manufacturer is named by id, name or alias and must be registered.',
  })
  @ApiCreatedResponse({ type: WriteAnswer })
  async register(
    @Body() { type, manufacturer, model, elements = {}, ...why }: RegisterProductBody,
    @Call() { request, reply }: HttpCall,
  ): Promise<WriteAnswer> {
    const meta = commandMeta(request, why);
    const id = newIdOf(meta.commandId);
    const data = { productType: type, manufacturer, model, elements };
    const command = new RegisterProduct(id, data, meta);
    const result = await this.bus.execute<RegisterProduct, CommandResult>(command);
    return commandResponse(reply.header('location', `/v1/products/${id}`), id, result);
  }

  @CommandRoute(
    ':id/set-elements',
    'Set elements; the others stay as they are',
    'Each element is checked against its kind and unit. A decimal is kept as it was written.',
  )
  setElements(
    @Param('id') id: string,
    @Body() { elements, ...why }: SetElementsBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(id, why, call, SetElements, { elements });
  }

  @CommandRoute(
    ':id/withdraw-elements',
    'Withdraw elements',
    'The values are gone from the product and stay in its history.',
  )
  withdrawElements(
    @Param('id') id: string,
    @Body() { names, ...why }: WithdrawElementsBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(id, why, call, WithdrawElements, { names });
  }

  @CommandRoute(
    ':id/record-certification',
    'Record a certification; a newer one of its agency replaces the older',
    'A certification is known by its agency, standard, edition and date: the same one again changes nothing.',
  )
  recordCertification(
    @Param('id') id: string,
    @Body()
    { agency, standard, edition, certificateDate, supersedes, ...why }: RecordCertificationBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    const fact = {
      agency,
      standard,
      edition: edition ?? null,
      certificateDate: certificateDate ?? null,
      ...(supersedes !== undefined && { supersedes }),
    };
    return this.change(id, why, call, RecordCertification, fact);
  }

  @CommandRoute(
    ':id/supersede-certification',
    'Say that one certification replaces another',
    'Both must be recorded for the product.',
  )
  supersedeCertification(
    @Param('id') id: string,
    @Body() { certificationId, by, ...why }: SupersedeCertificationBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(id, why, call, SupersedeCertification, { certificationId, by });
  }

  @CommandRoute(
    ':id/publish-listing',
    'Publish an agency’s listing of the product, or revise it',
    'A product has at most one listing of an agency; a revision replaces its dates, notes and remarks.',
  )
  publishListing(
    @Param('id') id: string,
    @Body() { agency, listingDate, lastUpdate, notes, remarks, ...why }: PublishListingBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    const listing = {
      agency,
      listingDate: listingDate ?? null,
      lastUpdate: lastUpdate ?? null,
      notes: notes ?? null,
      remarks: remarks ?? {},
    };
    return this.change(id, why, call, PublishListing, listing);
  }

  @CommandRoute(
    ':id/withdraw-listing',
    'Withdraw an agency’s listing of the product',
    'The listing is gone from the product and stays in its history.',
  )
  withdrawListing(
    @Param('id') id: string,
    @Body() { agency, ...why }: WithdrawListingBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(id, why, call, WithdrawListing, { agency });
  }

  private async change<D>(
    idOrCode: string,
    why: ReasonedBody,
    call: HttpCall,
    Command: CommandClass<D, ProductCommands>,
    data: D,
  ): Promise<WriteAnswer> {
    const { request, reply } = call;
    const productId = await requireProductId(this.registry, idOrCode);
    const command = new Command(productId, data, commandMeta(request, why), ifMatchOf(request));
    const result = await this.bus.execute<ProductCommands, CommandResult>(command);
    return commandResponse(reply, productId, result);
  }
}
