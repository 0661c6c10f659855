import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiQuery, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { CommandResult, HandleOptions } from '#event-log/handle-command.js';
import { PatternField, TextField, TextsField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';
import type { CommandMeta } from '#kernel/command.js';

import { entityCodePattern, manufacturerNameKeyOf, maxNameLength } from '../codes.js';
import { LookAlikes, type ResemblingManufacturer } from '../look-alikes.js';
import { isId, ProductRegistry } from '../registry.js';
import {
  readStrict,
  refuseResembling,
  RegisteredManufacturerResponse,
  strictQuery,
} from '../resembles.http.js';
import { addManufacturerAlias, issueEntityCode, mergeManufacturer } from './change-manufacturer.js';
import {
  AddManufacturerAlias,
  type CodeWish,
  IssueEntityCode,
  type ManufacturerCommands,
  MergeManufacturer,
  RegisterManufacturer,
} from './commands.js';
import { unknownManufacturer } from './decider.js';
import { registerManufacturer } from './register-manufacturer.js';

const codeExpected = 'two to six capital letters or digits';

class RegisterManufacturerBody extends ReasonedBody {
  @TextField(maxNameLength, { example: 'Juniper Hill Storage' })
  name!: string;

  @TextsField(50, maxNameLength, { optional: true, example: ['Juniper Hill Batteries'] })
  aliases?: string[];

  @PatternField(entityCodePattern, codeExpected, {
    nullable: true,
    description: 'EntityCode. Absent: one that follows from the name; null: none for now.',
    example: 'JUNHS',
  })
  code?: string | null;
}

class AddAliasBody extends ReasonedBody {
  @TextField(maxNameLength, { example: 'Juniper Hill' })
  alias!: string;
}

class IssueCodeBody extends ReasonedBody {
  @PatternField(entityCodePattern, codeExpected, {
    optional: true,
    description: 'Absent: one that follows from the name.',
    example: 'JHSTO',
  })
  code?: string;
}

class MergeBody extends ReasonedBody {
  @TextField(maxNameLength, {
    description: 'Id or name of the manufacturer that answers for this one from now on.',
    example: 'Juniper Hill Storage',
  })
  into!: string;
}

@ApiTags('manufacturers')
@ApiBearerAuth()
@Controller('v1/manufacturers')
@RequirePermission('manufacturers.write')
export class ManufacturerController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly registry: ProductRegistry,
    private readonly lookAlikes: LookAlikes,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a manufacturer',
    description:
      'The name, the aliases and the EntityCode are claimed: no two manufacturers hold the same one. The answer names those that it resembles.',
    answer: RegisteredManufacturerResponse,
  })
  @ApiQuery(strictQuery)
  async register(
    @Body() body: RegisterManufacturerBody,
    @Query() query: Record<string, unknown>,
    @Call() call: HttpCall,
  ): Promise<RegisteredManufacturerResponse> {
    const isStrict = readStrict(query);
    const { name, aliases = [], code } = body;
    const data = { name, aliases, code: code === null ? null : wishOf(code) };
    const looking = this.lookAlikes.manufacturers([name, ...aliases]);
    const resembling = looking.catch(() => null);
    const {
      id: own,
      revision,
      position,
    } = await this.gateway.handle(call, {
      body,
      command: async (meta, id) => {
        if (isStrict) refuseLikeOf([name, ...aliases], id, await looking);
        return new RegisterManufacturer(id, data, meta);
      },
      on: (_, command) => registerManufacturer(this.registry, command),
    });
    const found = await resembling;
    const resembles = found?.filter(({ id }) => id !== own) ?? null;
    return { id: own, revision, position, resembles };
  }

  @CommandRoute(':id/add-alias', {
    summary: 'Add another name',
    description:
      'Lists and people find the manufacturer by it. The name is claimed: no other manufacturer may hold it.',
  })
  addAlias(@Param('id') id: string, @Body() body: AddAliasBody, @Call() call: HttpCall) {
    const { alias } = body;
    return this.change(call, id, body, addManufacturerAlias, AddManufacturerAlias, { alias });
  }

  @CommandRoute(':id/issue-entity-code', {
    summary: 'Issue an EntityCode or replace it; products get new codes, old ones keep resolving',
    description: 'A code is claimed: no other manufacturer may hold it, or ever have held it.',
  })
  issueCode(@Param('id') id: string, @Body() body: IssueCodeBody, @Call() call: HttpCall) {
    return this.change(call, id, body, issueEntityCode, IssueEntityCode, wishOf(body.code));
  }

  @CommandRoute(':id/merge', {
    summary: 'Make this manufacturer another name of one that is registered too',
    description: 'Its names, code and products pass to the other one. There is no way back.',
  })
  merge(@Param('id') id: string, @Body() body: MergeBody, @Call() call: HttpCall) {
    return this.change(call, id, body, mergeManufacturer, MergeManufacturer, { into: body.into });
  }

  private change<D, C extends ManufacturerCommands>(
    call: HttpCall,
    named: string,
    body: ReasonedBody,
    handle: (
      registry: ProductRegistry,
      command: C,
      options: HandleOptions,
    ) => Promise<CommandResult>,
    Change: new (id: string, data: D, meta: CommandMeta) => C,
    data: D,
  ): Promise<WriteResponse> {
    if (!isId(named)) throw unknownManufacturer();
    return this.gateway.handle(call, {
      id: named.toLowerCase(),
      body,
      command: (meta, id) => new Change(id, data, meta),
      on: (_, command, options) => handle(this.registry, command, options),
    });
  }
}

/** One that has such a name itself is left to the registration, which refuses it as known. */
const refuseLikeOf = (
  names: readonly string[],
  ownId: string,
  found: readonly ResemblingManufacturer[],
): void => {
  const own = names.map(manufacturerNameKeyOf);
  const others = found.filter(
    ({ id, name }) => id !== ownId && !own.includes(manufacturerNameKeyOf(name)),
  );
  refuseResembling('MANUFACTURER_RESEMBLES', 'a name of this manufacturer', others);
};

const wishOf = (code: string | undefined): CodeWish =>
  code === undefined ? { rule: 'derived' } : { rule: 'manual', code };
