import { Body, Controller, Param } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { States } from '#event-log/states.js';
import { IdField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { newIdOf } from '#kernel/ids.js';

import { Devices } from '../device/find-device.js';
import { type CredentialCommand, credentialDecider, type CredentialState } from './decider.js';
import type { CredentialEvent } from './events.js';
import { newDeviceSecret, verifierOf } from './verifier.js';

class RevokeCredentialBody extends OptionalReasonBody {
  @IdField('the id of a credential', { example: '7e2a4c0e-0a4c-5f6b-8a27-3f2f1f0b9d55' })
  credential!: string;
}

class IssuedCredentialResponse extends WriteResponse {
  @ApiProperty({ description: 'By which it is revoked.' })
  credential!: string;

  @ApiPropertyOptional({
    description: 'The password. Shown once; nobody can read it again.',
  })
  secret?: string;

  @ApiPropertyOptional() note?: string;
}

const shownOnce =
  'This request was carried out before. Its secret was shown then and is not kept: revoke this credential and issue another one.';

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('devices.write')
export class CredentialController {
  private readonly credentials: States<CredentialState, CredentialCommand, CredentialEvent>;

  constructor(
    log: EsdbEventLog,
    private readonly gateway: CommandGateway,
    private readonly devices: Devices,
  ) {
    this.credentials = new States(log, credentialDecider);
  }

  @CommandRoute(':id/issue-credential', {
    status: 201,
    summary: 'Issue a credential to a device; its secret is shown in this answer only',
    description:
      'A device connects by MQTT with its own id as the user name and the secret as the password. An older credential goes on until it is revoked, so that the device can change over; it has at most two. A repeated request is answered without the secret.',
    answer: IssuedCredentialResponse,
  })
  @ApiOkResponse({
    type: IssuedCredentialResponse,
    description: 'Issued before; without the secret.',
  })
  async issue(
    @Param('id') device: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<IssuedCredentialResponse> {
    const secret = newDeviceSecret();
    const verifier = verifierOf(secret);
    const { command, result } = await this.gateway.execute(call, {
      on: this.credentials,
      id: device,
      body,
      command: async (meta) => {
        await this.devices.find(device);
        const credential = newIdOf(meta.commandId);
        return { type: 'IssueCredential', data: { credential }, verifier, meta } as const;
      },
    });
    const { credential } = command.data;
    if (result.outcome === 'accepted' && (await this.holds(device, credential, verifier))) {
      return Object.assign(commandResponse(call.reply, device, result), { credential, secret });
    }
    void call.reply.status(200);
    const repeated = commandResponse(call.reply, device, { ...result, outcome: 'repeated' });
    return Object.assign(repeated, { credential, note: shownOnce });
  }

  @CommandRoute(':id/revoke-credential', {
    summary: 'Revoke a credential of a device, for good',
    description: 'Brokers refuse it from the next connection on that they check after they learnt.',
  })
  revoke(
    @Param('id') device: string,
    @Body() body: RevokeCredentialBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const data = { credential: body.credential.toLowerCase() };
    return this.gateway.handle(call, {
      on: this.credentials,
      id: device,
      body,
      command: async (meta) => {
        await this.devices.known(device);
        return { type: 'RevokeCredential', data, meta } as const;
      },
    });
  }

  /**
   * The log confirms an append with the ids of an earlier one whose answer was lost: then it holds the
   * verifier of another secret, and the one at hand would open nothing.
   */
  private async holds(device: string, credential: string, verifier: string): Promise<boolean> {
    this.credentials.forget(device);
    const { state } = await this.credentials.refresh(device);
    return state.get(credential)?.verifier === verifier;
  }
}
