import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, Matches } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult } from '#event-log/handle-command.js';
import { commandResponse } from '#http/command-response.js';
import { ifMatchOf } from '#http/etag.js';
import { commandMeta } from '#http/request-context.js';
import type { CommandMeta } from '#kernel/command.js';
import { newIdOf } from '#kernel/ids.js';

import {
  ArePlainTexts,
  IsPlainText,
  maxNameLength,
  ReasonedBody,
  WriteAnswer,
} from '../bodies.http.js';
import { entityCodePattern } from '../codes.js';
import { isId } from '../registry.js';
import {
  AddManufacturerAlias,
  type CodeWish,
  IssueEntityCode,
  type ManufacturerCommands,
  MergeManufacturer,
  RegisterManufacturer,
} from './commands.js';
import { unknownManufacturer } from './decider.js';

const maxAliases = 50;
const codeMessage = { message: 'expected two to six capital letters or digits' };

class RegisterManufacturerBody extends ReasonedBody {
  @ApiProperty({ maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  name!: string;

  @ApiPropertyOptional({ isArray: true, type: String, maxItems: maxAliases })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(maxAliases)
  @ArePlainTexts(maxNameLength)
  aliases?: string[];

  @ApiPropertyOptional({
    example: 'DISCE',
    description: 'EntityCode. Absent: one that follows from the name; null: none for now.',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @Matches(entityCodePattern, codeMessage)
  code?: string | null;
}

class AddAliasBody extends ReasonedBody {
  @ApiProperty({ maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  alias!: string;
}

class IssueCodeBody extends ReasonedBody {
  @ApiPropertyOptional({ example: 'DISCE', description: 'Absent: one that follows from the name.' })
  @IsOptional()
  @Matches(entityCodePattern, codeMessage)
  code?: string;
}

class MergeBody extends ReasonedBody {
  @ApiProperty({
    description: 'Id or name of the manufacturer that answers for this one from now on.',
  })
  @IsPlainText(maxNameLength)
  into!: string;
}

type MakeCommand = (id: string, meta: CommandMeta, ifMatch?: bigint) => ManufacturerCommands;

@ApiTags('manufacturers')
@ApiBearerAuth()
@Controller('v1/manufacturers')
@RequirePermission('manufacturers.write')
export class ManufacturerController {
  constructor(private readonly bus: CommandBus) {}

  @Post()
  @ApiOperation({ summary: 'Register a manufacturer' })
  @ApiCreatedResponse({ type: WriteAnswer })
  async register(
    @Body() { name, aliases = [], code, ...why }: RegisterManufacturerBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const meta = commandMeta(request, why);
    const id = newIdOf(meta.commandId);
    const data = { name, aliases, code: code === null ? null : wishOf(code) };
    const command = new RegisterManufacturer(id, data, meta);
    const result = await this.bus.execute<RegisterManufacturer, CommandResult>(command);
    return commandResponse(reply.header('location', `/v1/manufacturers/${id}`), id, result);
  }

  @Post(':id/add-alias')
  @HttpCode(200)
  @ApiOperation({ summary: 'Add another name' })
  @ApiOkResponse({ type: WriteAnswer })
  addAlias(
    @Param('id') named: string,
    @Body() { alias, ...why }: AddAliasBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      named,
      why,
      request,
      reply,
      (id, meta, ifMatch) => new AddManufacturerAlias(id, { alias }, meta, ifMatch),
    );
  }

  @Post(':id/issue-entity-code')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Issue an EntityCode or replace it; products get new codes, old ones keep resolving',
  })
  @ApiOkResponse({ type: WriteAnswer })
  issueCode(
    @Param('id') named: string,
    @Body() { code, ...why }: IssueCodeBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      named,
      why,
      request,
      reply,
      (id, meta, ifMatch) => new IssueEntityCode(id, wishOf(code), meta, ifMatch),
    );
  }

  @Post(':id/merge')
  @HttpCode(200)
  @ApiOperation({ summary: 'Make this manufacturer another name of one that is registered too' })
  @ApiOkResponse({ type: WriteAnswer })
  merge(
    @Param('id') named: string,
    @Body() { into, ...why }: MergeBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.change(
      named,
      why,
      request,
      reply,
      (id, meta, ifMatch) => new MergeManufacturer(id, { into }, meta, ifMatch),
    );
  }

  private async change(
    named: string,
    why: ReasonedBody,
    request: FastifyRequest,
    reply: FastifyReply,
    make: MakeCommand,
  ): Promise<WriteAnswer> {
    if (!isId(named)) throw unknownManufacturer();
    const id = named.toLowerCase();
    const command = make(id, commandMeta(request, why), ifMatchOf(request));
    const result = await this.bus.execute<ManufacturerCommands, CommandResult>(command);
    return commandResponse(reply, id, result);
  }
}

const wishOf = (code: string | undefined): CodeWish =>
  code === undefined ? { rule: 'derived' } : { rule: 'manual', code };
