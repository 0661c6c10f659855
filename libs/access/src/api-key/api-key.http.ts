import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsIn,
  IsString,
  Length,
  registerDecorator,
  ValidateIf,
} from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { commandResponse } from '#http/command-response.js';
import { ifMatchOf } from '#http/etag.js';
import { commandMeta } from '#http/request-context.js';
import { type Role, roles } from '#kernel/event.js';
import { newIdOf } from '#kernel/ids.js';
import { instantExpected, parseInstant } from '#kernel/instant.js';
import { Refusal } from '#kernel/refusal.js';
import { CommandObserver } from '#observability/command-observer.js';

import { RequirePermission } from '../require-permission.js';
import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { IssueApiKey, RevokeApiKey } from './commands.js';
import { keyText, newSecret, secretHash } from './secret.js';

const IsInstant = (): PropertyDecorator => (target, property) => {
  registerDecorator({
    name: 'isInstant',
    target: target.constructor,
    propertyName: String(property),
    options: { message: `expected ${instantExpected}` },
    validator: {
      validate: (value) => typeof value === 'string' && parseInstant(value) !== undefined,
    },
  });
};

class Reasoned {
  @ApiProperty({ description: 'Why; kept with the event.', example: 'nightly import of lists' })
  @IsString()
  @Length(1, 2000)
  reason!: string;
}

class IssueApiKeyBody extends Reasoned {
  @ApiProperty({ example: 'nightly import' })
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty({ enum: roles, isArray: true, example: ['curator'] })
  @ArrayNotEmpty()
  @ArrayMaxSize(roles.length)
  @ArrayUnique()
  @IsIn(roles, { each: true, message: `each role must be one of ${roles.join(', ')}` })
  roles!: Role[];

  @ApiPropertyOptional({
    description: 'ISO 8601 with zone; absent: it does not expire.',
    example: '2099-12-31T23:59:59Z',
    format: 'date-time',
  })
  @ValidateIf((body: IssueApiKeyBody) => body.expiresAt !== undefined)
  @IsInstant()
  expiresAt?: string;
}

class IssuedKeyResponse {
  @ApiProperty() id!: string;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;

  @ApiPropertyOptional({ description: 'The key itself. Shown once; nobody can read it again.' })
  key?: string;

  @ApiPropertyOptional() note?: string;
}

class ApiKeyResponse {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: roles, isArray: true }) roles!: Role[];
  @ApiProperty({ enum: ['active', 'revoked'] }) status!: string;
  @ApiProperty({ type: String, nullable: true }) expiresAt!: string | null;
  @ApiProperty() revision!: number;
}

const shownOnce =
  'This request was carried out before. Its key was shown then and is not kept: issue another one.';

const idShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const notFound = () => new Refusal('API_KEY_NOT_FOUND', 'not-found', 'there is no such key');

const checkedId = (id: string): string => {
  if (!idShape.test(id)) throw notFound();
  return id;
};

@ApiTags('access')
@ApiBearerAuth()
@Controller('v1/api-keys')
@RequirePermission('keys.manage')
export class ApiKeyController {
  constructor(
    private readonly log: EsdbEventLog,
    private readonly keys: ApiKeys,
    private readonly authenticator: Authenticator,
    private readonly commands: CommandObserver,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Issue an API key; it is shown in this answer only',
    description:
      'The key holds its id and a 256-bit secret, of which only the SHA-256 is kept. A repeated request is answered without the key.',
  })
  @ApiCreatedResponse({ type: IssuedKeyResponse })
  @ApiOkResponse({ type: IssuedKeyResponse, description: 'Issued before; without the key.' })
  async issue(
    @Body() body: IssueApiKeyBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedKeyResponse> {
    const { name, expiresAt, reason } = body;
    const meta = commandMeta(request, { reason });
    const id = newIdOf(meta.commandId);
    const secret = newSecret();
    const expiry = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
    const data = { name, roles: [...body.roles].sort(), expiresAt: expiry };
    const command = new IssueApiKey(data, secretHash(secret), meta);
    const result = await this.commands.observe(command, id, () =>
      handleCommand(this.log, this.keys, id, command),
    );
    this.authenticator.forget(id);
    const isOurs = result.outcome === 'accepted' && (await this.holds(id, command.secretSha256));
    if (isOurs) return { ...commandResponse(reply, id, result), key: keyText({ id, secret }) };
    void reply.status(200);
    return { ...commandResponse(reply, id, { ...result, outcome: 'repeated' }), note: shownOnce };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Revoke an API key, at once and for good',
    description:
      'From the answer on this API refuses the key; other API processes follow within seconds.',
  })
  async revoke(
    @Param('id') id: string,
    @Body() { reason }: Reasoned,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const command = new RevokeApiKey({}, commandMeta(request, { reason }));
    const ifMatch = ifMatchOf(request);
    const result = await this.commands.observe(command, checkedId(id), () =>
      handleCommand(this.log, this.keys, id, command, ifMatch === undefined ? {} : { ifMatch }),
    );
    this.authenticator.forget(id);
    return commandResponse(reply, id, result);
  }

  @Get(':id')
  @ApiOperation({
    summary: 'What a key may do; neither the key nor its hash',
    description: 'Name, roles, expiry and whether it was revoked.',
  })
  @ApiOkResponse({ type: ApiKeyResponse })
  async show(
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApiKeyResponse> {
    const { state, revision } = await this.keys.refresh(checkedId(id));
    if (state.status === 'none') throw notFound();
    const { name, status, expiresAt } = state;
    void reply.header('etag', `"${String(revision)}"`);
    return { id, name, roles: [...state.roles], status, expiresAt, revision: Number(revision) };
  }

  /**
   * The server confirms an append with the same ids as an earlier one whose answer was lost: then the
   * stored hash is that of another secret, and the one at hand would not open anything.
   */
  private async holds(id: string, secretSha256: string): Promise<boolean> {
    this.keys.forget(id);
    const { state } = await this.keys.refresh(id);
    return state.status !== 'none' && state.secretSha256 === secretSha256;
  }
}
