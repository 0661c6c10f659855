import { Body, Controller, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, Matches } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult } from '#event-log/handle-command.js';
import { commandResponse } from '#http/command-response.js';
import { ifMatchOf } from '#http/etag.js';
import { commandMeta } from '#http/request-context.js';
import { MayBeMissing } from '#http/validation.js';
import { newIdOf } from '#kernel/ids.js';

import {
  ArePlainTexts,
  IsPlainText,
  maxNameLength,
  ReasonedBody,
  WriteAnswer,
} from '../bodies.http.js';
import { entityCodePattern } from '../codes.js';
import { Call, type CommandClass, CommandRoute, type HttpCall } from '../command-route.http.js';
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
  @ApiProperty({ example: 'Juniper Hill Storage', maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  name!: string;

  @ApiPropertyOptional({
    example: ['Juniper Hill Batteries'],
    isArray: true,
    type: String,
    maxItems: maxAliases,
  })
  @MayBeMissing()
  @IsArray()
  @ArrayMaxSize(maxAliases)
  @ArePlainTexts(maxNameLength)
  aliases?: string[];

  @ApiPropertyOptional({
    example: 'JUNHS',
    description: 'EntityCode. Absent: one that follows from the name; null: none for now.',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @Matches(entityCodePattern, codeMessage)
  code?: string | null;
}

class AddAliasBody extends ReasonedBody {
  @ApiProperty({ example: 'Juniper Hill', maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  alias!: string;
}

class IssueCodeBody extends ReasonedBody {
  @ApiPropertyOptional({ example: 'JHSTO', description: 'Absent: one that follows from the name.' })
  @MayBeMissing()
  @Matches(entityCodePattern, codeMessage)
  code?: string;
}

class MergeBody extends ReasonedBody {
  @ApiProperty({
    description: 'Id or name of the manufacturer that answers for this one from now on.',
    example: 'Juniper Hill Storage',
  })
  @IsPlainText(maxNameLength)
  into!: string;
}

@ApiTags('manufacturers')
@ApiBearerAuth()
@Controller('v1/manufacturers')
@RequirePermission('manufacturers.write')
export class ManufacturerController {
  constructor(private readonly bus: CommandBus) {}

  @Post()
  @ApiOperation({
    summary: 'Register a manufacturer',
    description:
      'The name, the aliases and the EntityCode are claimed: no two manufacturers hold the same one.',
  })
  @ApiCreatedResponse({ type: WriteAnswer })
  async register(
    @Body() { name, aliases = [], code, ...why }: RegisterManufacturerBody,
    @Call() { request, reply }: HttpCall,
  ): Promise<WriteAnswer> {
    const meta = commandMeta(request, why);
    const id = newIdOf(meta.commandId);
    const data = { name, aliases, code: code === null ? null : wishOf(code) };
    const command = new RegisterManufacturer(id, data, meta);
    const result = await this.bus.execute<RegisterManufacturer, CommandResult>(command);
    return commandResponse(reply.header('location', `/v1/manufacturers/${id}`), id, result);
  }

  @CommandRoute(
    ':id/add-alias',
    'Add another name',
    'Lists and people find the manufacturer by it. The name is claimed: no other manufacturer may hold it.',
  )
  addAlias(
    @Param('id') named: string,
    @Body() { alias, ...why }: AddAliasBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(named, why, call, AddManufacturerAlias, { alias });
  }

  @CommandRoute(
    ':id/issue-entity-code',
    'Issue an EntityCode or replace it; products get new codes, old ones keep resolving',
    'A code is claimed: no other manufacturer may hold it, or ever have held it.',
  )
  issueCode(
    @Param('id') named: string,
    @Body() { code, ...why }: IssueCodeBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(named, why, call, IssueEntityCode, wishOf(code));
  }

  @CommandRoute(
    ':id/merge',
    'Make this manufacturer another name of one that is registered too',
    'Its names, code and products pass to the other one. There is no way back.',
  )
  merge(
    @Param('id') named: string,
    @Body() { into, ...why }: MergeBody,
    @Call() call: HttpCall,
  ): Promise<WriteAnswer> {
    return this.change(named, why, call, MergeManufacturer, { into });
  }

  private async change<D>(
    named: string,
    why: ReasonedBody,
    call: HttpCall,
    Command: CommandClass<D, ManufacturerCommands>,
    data: D,
  ): Promise<WriteAnswer> {
    const { request, reply } = call;
    if (!isId(named)) throw unknownManufacturer();
    const id = named.toLowerCase();
    const command = new Command(id, data, commandMeta(request, why), ifMatchOf(request));
    const result = await this.bus.execute<ManufacturerCommands, CommandResult>(command);
    return commandResponse(reply, id, result);
  }
}

const wishOf = (code: string | undefined): CodeWish =>
  code === undefined ? { rule: 'derived' } : { rule: 'manual', code };
