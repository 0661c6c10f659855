import { Body, Controller, Get, Param, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { ChoicesField, InstantField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type CommandHandler, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute, RequiredReasonBody } from '#http/command-route.js';
import { type Role, roles } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';

import { RequirePermission } from '../require-permission.js';
import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { type ApiKeyCommand, IssueApiKey, RevokeApiKey } from './commands.js';
import { keyText, newSecret, secretHash } from './secret.js';

class IssueApiKeyBody extends RequiredReasonBody {
  @TextField(200, { example: 'nightly import' })
  name!: string;

  @ChoicesField(roles, { example: ['curator'] })
  roles!: Role[];

  @InstantField({
    optional: true,
    description: 'ISO 8601 with zone; absent: it does not expire.',
    example: '2099-12-31T23:59:59Z',
  })
  expiresAt?: string;
}

class IssuedKeyResponse extends WriteResponse {
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
    private readonly gateway: CommandGateway,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Issue an API key; it is shown in this answer only',
    description:
      'The key holds its id and a 256-bit secret, of which only the SHA-256 is kept. A repeated request is answered without the key.',
    answer: IssuedKeyResponse,
  })
  @ApiOkResponse({ type: IssuedKeyResponse, description: 'Issued before; without the key.' })
  async issue(@Body() body: IssueApiKeyBody, @Call() call: HttpCall): Promise<IssuedKeyResponse> {
    const { name, expiresAt } = body;
    const expiry = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
    const data = { name, roles: [...body.roles].sort(), expiresAt: expiry };
    const secret = newSecret();
    const secretSha256 = secretHash(secret);
    const { id, result } = await this.gateway.execute(call, {
      on: this.carryOut,
      body,
      command: (meta) => new IssueApiKey(data, secretSha256, meta),
    });
    const isOurs = result.outcome === 'accepted' && (await this.holds(id, secretSha256));
    if (isOurs) {
      return Object.assign(commandResponse(call.reply, id, result), {
        key: keyText({ id, secret }),
      });
    }
    void call.reply.status(200);
    const repeated = commandResponse(call.reply, id, { ...result, outcome: 'repeated' });
    return Object.assign(repeated, { note: shownOnce });
  }

  @CommandRoute(':id/revoke', {
    summary: 'Revoke an API key, at once and for good',
    description:
      'From the answer on this API refuses the key; other API processes follow within seconds.',
  })
  revoke(
    @Param('id') id: string,
    @Body() body: RequiredReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    return this.gateway.handle(call, {
      on: this.carryOut,
      id: checkedId(id),
      body,
      command: (meta) => new RevokeApiKey({}, meta),
    });
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

  /** The next request with the key reads its stream anew. */
  private readonly carryOut: CommandHandler<ApiKeyCommand> = async (id, command, options) => {
    const result = await handleCommand(this.log, this.keys, id, command, options);
    this.authenticator.forget(id);
    return result;
  };

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
