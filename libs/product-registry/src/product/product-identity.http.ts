import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult, HandleOptions } from '#event-log/handle-command.js';
import { DayField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';
import { MayBeMissing } from '#http/validation.js';
import type { CommandMeta } from '#kernel/command.js';

import { maxNameLength } from '../codes.js';
import { ProductRegistry } from '../registry.js';
import { renameModel, transferProduct } from './change-identity.js';
import {
  type IdentityCommands,
  MergeProduct,
  RenameModel,
  SplitProduct,
  TransferProduct,
} from './commands.js';
import { holderOfCode, requireProductId } from './find-product.js';
import { mergeProduct, splitProduct } from './merge-product.js';

class RenamingBody extends ReasonedBody {
  @ApiPropertyOptional({
    description:
      'The former name was an error: the product is not found by it any more, and another one may take it. Unless true it stays the product’s own.',
    example: false,
  })
  @MayBeMissing()
  @IsBoolean({ message: 'expected true or false' })
  release?: boolean;
}

class TransferBody extends RenamingBody {
  @TextField(maxNameLength, {
    description: 'Id or name of the manufacturer that it is of from then on.',
    example: 'Juniper Hill Storage',
  })
  manufacturer!: string;

  @DayField({ description: 'Since when.', example: '2025-07-01' })
  from!: string;
}

class RenameModelBody extends RenamingBody {
  @TextField(maxNameLength, { example: 'JH-20.48/B' })
  model!: string;
}

class MergeProductBody extends ReasonedBody {
  @TextField(maxNameLength, {
    description: 'Id or a code of the product that answers for this one from now on.',
    example: 'JUNHS-JH_20_48_A',
  })
  into!: string;
}

class SplitProductBody extends ReasonedBody {}

/** Commands on what a product is called, and on products that are one. */
@ApiTags('products')
@ApiBearerAuth()
@Controller('v1/products')
@RequirePermission('products.write')
export class ProductIdentityController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly registry: ProductRegistry,
  ) {}

  @CommandRoute(':id/transfer', {
    summary: 'Give the product to another manufacturer',
    description:
      'It stays the same product, with its id and history. Where that manufacturer has an EntityCode the product gets a code of it; its former codes and its former name keep leading to it.',
  })
  transfer(@Param('id') id: string, @Body() body: TransferBody, @Call() call: HttpCall) {
    const { manufacturer, from, release } = body;
    const data = { manufacturer, from, ...(release === true && { release }) };
    return this.change(call, id, body, transferProduct, TransferProduct, data);
  }

  @CommandRoute(':id/rename-model', {
    summary: 'Respell or rename the model of the product',
    description:
      'It stays the same product, with its id and history. It gets the code that follows from the new name; its former codes and its former name keep leading to it.',
  })
  renameModel(@Param('id') id: string, @Body() body: RenameModelBody, @Call() call: HttpCall) {
    const { model, release } = body;
    const data = { model, ...(release === true && { release }) };
    return this.change(call, id, body, renameModel, RenameModel, data);
  }

  @CommandRoute(':id/merge', {
    summary: 'Make the product another name of one that is registered too',
    description:
      'Its names and codes lead to the other one from now on, which has the certifications and listings of both, and of each other value its own before this one’s. Commands on this id are refused as `PRODUCT_MERGED`. `split` undoes it.',
  })
  merge(@Param('id') id: string, @Body() body: MergeProductBody, @Call() call: HttpCall) {
    return this.change(call, id, body, mergeProduct, MergeProduct, { into: body.into });
  }

  @CommandRoute(':id/split', {
    summary: 'Undo the merger of the product into another one',
    description:
      'As long as the other one has not changed since: `PRODUCT_CHANGED_SINCE_MERGER` afterwards. The path names the product that was merged, by its id or a code of its own.',
  })
  async split(@Param('id') named: string, @Body() body: SplitProductBody, @Call() call: HttpCall) {
    const id = await requireProductId(this.registry, named, holderOfCode);
    return this.change(call, id, body, splitProduct, SplitProduct, {});
  }

  private async change<D, C extends IdentityCommands>(
    call: HttpCall,
    idOrCode: string,
    body: ReasonedBody,
    handle: (
      registry: ProductRegistry,
      command: C,
      options: HandleOptions,
    ) => Promise<CommandResult>,
    Change: new (id: string, data: D, meta: CommandMeta) => C,
    data: D,
  ): Promise<WriteResponse> {
    const id = await requireProductId(this.registry, idOrCode);
    return this.gateway.handle(call, {
      id,
      body,
      command: (meta) => new Change(id, data, meta),
      on: (_, command, options) => handle(this.registry, command, options),
    });
  }
}
