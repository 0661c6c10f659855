import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult } from '#event-log/handle-command.js';
import { commandResponse } from '#http/command-response.js';
import { ifMatchOf } from '#http/etag.js';
import { commandMeta } from '#http/request-context.js';
import type { CommandMeta } from '#kernel/command.js';
import { newIdOf } from '#kernel/ids.js';

import { type ReasonedBody, WriteAnswer } from '../bodies.http.js';
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

/** Makes the command for a product at the revision that the caller named, where one was named. */
type MakeCommand = (productId: string, meta: CommandMeta, ifMatch?: bigint) => ProductCommands;

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
  @ApiOperation({ summary: 'Register a product' })
  @ApiCreatedResponse({ type: WriteAnswer })
  async register(
    @Body() { type, manufacturer, model, elements = {}, ...why }: RegisterProductBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const meta = commandMeta(request, why);
    const id = newIdOf(meta.commandId);
    const data = { productType: type, manufacturer, model, elements };
    const command = new RegisterProduct(id, data, meta);
    const result = await this.bus.execute<RegisterProduct, CommandResult>(command);
    return commandResponse(reply.header('location', `/v1/products/${id}`), id, result);
  }

  @Post(':id/set-elements')
  @HttpCode(200)
  @ApiOperation({ summary: 'Set elements; the others stay as they are' })
  @ApiOkResponse({ type: WriteAnswer })
  setElements(
    @Param('id') id: string,
    @Body() { elements, ...why }: SetElementsBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) => new SetElements(productId, { elements }, meta, ifMatch),
    );
  }

  @Post(':id/withdraw-elements')
  @HttpCode(200)
  @ApiOperation({ summary: 'Withdraw elements' })
  @ApiOkResponse({ type: WriteAnswer })
  withdrawElements(
    @Param('id') id: string,
    @Body() { names, ...why }: WithdrawElementsBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) => new WithdrawElements(productId, { names }, meta, ifMatch),
    );
  }

  @Post(':id/record-certification')
  @HttpCode(200)
  @ApiOperation({ summary: 'Record a certification; a newer one of its agency replaces the older' })
  @ApiOkResponse({ type: WriteAnswer })
  recordCertification(
    @Param('id') id: string,
    @Body()
    { agency, standard, edition, certificateDate, supersedes, ...why }: RecordCertificationBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const fact = {
      agency,
      standard,
      edition: edition ?? null,
      certificateDate: certificateDate ?? null,
      ...(supersedes !== undefined && { supersedes }),
    };
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) => new RecordCertification(productId, fact, meta, ifMatch),
    );
  }

  @Post(':id/supersede-certification')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say that one certification replaces another' })
  @ApiOkResponse({ type: WriteAnswer })
  supersedeCertification(
    @Param('id') id: string,
    @Body() { certificationId, by, ...why }: SupersedeCertificationBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) =>
        new SupersedeCertification(productId, { certificationId, by }, meta, ifMatch),
    );
  }

  @Post(':id/publish-listing')
  @HttpCode(200)
  @ApiOperation({ summary: 'Publish an agency’s listing of the product, or revise it' })
  @ApiOkResponse({ type: WriteAnswer })
  publishListing(
    @Param('id') id: string,
    @Body() { agency, listingDate, lastUpdate, notes, remarks, ...why }: PublishListingBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const listing = {
      agency,
      listingDate: listingDate ?? null,
      lastUpdate: lastUpdate ?? null,
      notes: notes ?? null,
      remarks: remarks ?? {},
    };
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) => new PublishListing(productId, listing, meta, ifMatch),
    );
  }

  @Post(':id/withdraw-listing')
  @HttpCode(200)
  @ApiOperation({ summary: 'Withdraw an agency’s listing of the product' })
  @ApiOkResponse({ type: WriteAnswer })
  withdrawListing(
    @Param('id') id: string,
    @Body() { agency, ...why }: WithdrawListingBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      id,
      why,
      request,
      reply,
      (productId, meta, ifMatch) => new WithdrawListing(productId, { agency }, meta, ifMatch),
    );
  }

  private async change(
    idOrCode: string,
    why: ReasonedBody,
    request: FastifyRequest,
    reply: FastifyReply,
    make: MakeCommand,
  ): Promise<WriteAnswer> {
    const productId = await requireProductId(this.registry, idOrCode);
    const command = make(productId, commandMeta(request, why), ifMatchOf(request));
    const result = await this.bus.execute<ProductCommands, CommandResult>(command);
    return commandResponse(reply, productId, result);
  }
}
