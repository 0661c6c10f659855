import { Readable } from 'node:stream';

import { Body, Controller, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { TextField } from '#http/body-fields.js';
import { AcceptsStream, workbookType } from '#http/body-parsers.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse } from '#http/command-response.js';
import { CommandRoute, ReasonedBody } from '#http/command-route.js';
import { hangUpOf } from '#http/hang-up.js';
import { boolean, day, oneOf, queryInvalid, readQuery, text } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { streamedBody } from '#http/streamed-body.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { CancelImport, RetryImport } from './commands.js';
import { ImportPreviewResponse, ImportResponse, importResponse } from './import-response.http.js';
import { type ChangedImport, Imports } from './imports.js';
import { dateInName, isPast } from './list-date.js';

const receiveQuery = {
  kind: oneOf('products', 'manufacturers'),
  issueCodes: boolean,
  dryRun: boolean,
  file: text(300),
  asOf: day,
  reason: text(1_000),
};

class CancelImportBody {
  @TextField(1000, {
    optional: true,
    description: 'Why; kept with the event.',
    example: 'the wrong file was sent',
  })
  reason?: string;
}

/** Lists are sent here; what became of them is answered by `projections/imports`. */
@ApiTags('imports')
@ApiBearerAuth()
@Controller('v1/imports')
@RequirePermission('imports.write')
export class ImportController {
  constructor(
    private readonly imports: Imports,
    private readonly gateway: CommandGateway,
  ) {}

  @Post()
  @HttpCode(202)
  @AcceptsStream('text/csv', workbookType)
  @ApiOperation({
    summary: 'Import a published list',
    description:
      'A CSV file or a workbook (.xlsx), told by its bytes; of a workbook the sheet that is such a list. ' +
      'The body is streamed and kept as evidence under its hash. The same file sent again is the same ' +
      'import and runs once more. With `dryRun` the answer says what would change, and nothing is kept: ' +
      'after 60 seconds it says what was found until then (`complete` is false). One at a time for each key.',
  })
  @ApiConsumes('text/csv', workbookType)
  @ApiBody({
    schema: {
      type: 'string',
      format: 'binary',
      example:
        'EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\nMBAY,Marrow Bay Power,Marrow Bay Power Inc.\n',
    },
  })
  @ApiQuery({ name: 'kind', enum: ['products', 'manufacturers'] })
  @ApiQuery({
    name: 'issueCodes',
    required: false,
    type: Boolean,
    description: 'Whether a manufacturer without a code gets one by rule; true unless given.',
  })
  @ApiQuery({
    name: 'dryRun',
    required: false,
    type: Boolean,
    description: 'Only says what would change, and writes nothing.',
  })
  @ApiQuery({ name: 'file', required: false, description: 'Name of the file, for the record.' })
  @ApiQuery({
    name: 'asOf',
    required: false,
    schema: { type: 'string', format: 'date' },
    description:
      'The list’s own date; unless given the one in the name of the file, else the one above its header. An older list changes nothing of a product that a newer one of its kind named.',
  })
  @ApiQuery({ name: 'reason', required: false, description: 'Why; kept with every fact.' })
  @ApiExtraModels(ImportPreviewResponse)
  @ApiAcceptedResponse({ type: ImportResponse })
  @ApiOkResponse({ schema: { $ref: getSchemaPath(ImportPreviewResponse) } })
  async receive(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResponse | ImportPreviewResponse> {
    if (!(request.body instanceof Readable)) throw notList();
    const body = streamedBody(request.body);
    try {
      const {
        kind,
        issueCodes = true,
        dryRun = false,
        file,
        asOf,
        reason,
      } = readQuery(query, receiveQuery);
      if (kind === undefined) throw kindMissing();
      const meta = commandMeta(request, { reason, source: 'import' });
      const today = meta.occurredAt;
      if (asOf !== undefined && !isPast(asOf, today)) throw listOfFuture();
      const dated = asOf ?? dateInName(file ?? '', today);
      const options = { kind, issueCodes, file: file ?? null, asOf: dated };
      if (dryRun) {
        void reply.status(200);
        const caller = { key: meta.actor.id, gone: hangUpOf(reply) };
        const found = await this.imports.preview(body.chunks, options, caller);
        return { dryRun, ...previewResponse(found) };
      }
      return answer(reply, await this.imports.receive(body.chunks, options, meta));
    } catch (error) {
      body.drain(reply);
      throw error;
    }
  }

  @CommandRoute(':id/retry', {
    status: 202,
    summary: 'Redo rows that were rejected, left for review or never reached',
    description: 'The stored file is read again; rows that were accepted are left alone.',
    answer: ImportResponse,
  })
  retry(@Param('id') id: string, @Body() body: ReasonedBody, @Call() call: HttpCall) {
    return this.change(call, id, body, async (meta) => {
      await this.imports.enqueue(id);
      return new RetryImport(meta);
    });
  }

  @CommandRoute(':id/cancel', {
    status: 202,
    summary: 'Take no more rows of an import',
    description:
      'A run ends between two rows, a moment later; one that waits ends at once. What was done stays done ' +
      'and is counted; `retry` goes on with the rows that are left. An import that has ended is 409 ' +
      '`IMPORT_FINISHED`; one that was cancelled already is answered as it stands.',
    answer: ImportResponse,
  })
  cancel(@Param('id') id: string, @Body() body: CancelImportBody, @Call() call: HttpCall) {
    return this.change(call, id, body, async (meta) => {
      await this.imports.get(id);
      return new CancelImport(meta);
    });
  }

  private async change(
    call: HttpCall,
    id: string,
    body: ReasonedBody | CancelImportBody,
    command: (meta: CommandMeta) => Promise<RetryImport | CancelImport>,
  ): Promise<ImportResponse> {
    const { result } = await this.gateway.execute(call, {
      on: (_, change, options) => this.imports.carryOut(id, change, options),
      ...{ id, body, command },
    });
    return answer(call.reply, { id, ...result });
  }
}

const answer = (reply: FastifyReply, standing: ChangedImport): ImportResponse => {
  commandResponse(reply, standing.id, standing);
  void reply.header('location', `/v1/imports/${standing.id}`);
  return importResponse(standing);
};

const previewResponse = ({ problems, ...preview }: Awaited<ReturnType<Imports['preview']>>) => ({
  ...preview,
  problems: problems.map(({ problems: found = [], ...row }) => ({ ...row, problems: found })),
});

const kindMissing = () =>
  queryInvalid([{ pointer: '?kind', reason: 'expected one of products, manufacturers' }]);

const listOfFuture = () =>
  queryInvalid([{ pointer: '?asOf', reason: 'expected no date after today' }]);

const notList = () =>
  new Refusal(
    'MEDIA_TYPE_UNSUPPORTED',
    'unsupported-media-type',
    `expected a CSV file or a workbook as the body, with Content-Type: text/csv or ${workbookType}`,
  );
