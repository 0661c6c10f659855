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
import { AcceptsCsv } from '#http/body-parsers.js';
import { commandResponse } from '#http/command-response.js';
import { ReasonedBody } from '#http/command-route.js';
import { ifMatchOf } from '#http/etag.js';
import { hangUpOf } from '#http/hang-up.js';
import { boolean, oneOf, queryInvalid, readQuery, text } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { Refusal } from '#kernel/refusal.js';

import { ImportPreviewResponse, ImportResponse, importResponse } from './import-response.http.js';
import { Imports } from './imports.js';

const receiveQuery = {
  kind: oneOf('products', 'manufacturers'),
  issueCodes: boolean,
  dryRun: boolean,
  file: text(300),
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
  constructor(private readonly imports: Imports) {}

  @Post()
  @HttpCode(202)
  @AcceptsCsv()
  @ApiOperation({
    summary: 'Import a published list',
    description:
      'The body is streamed and kept as evidence under its hash. The same file sent again is the same ' +
      'import and runs once more. With `dryRun` the answer says what would change, and nothing is kept: ' +
      'after 60 seconds it says what was found until then (`complete` is false). One at a time for each key.',
  })
  @ApiConsumes('text/csv')
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
    description: 'Whether a maker without a code gets one by rule; true unless given.',
  })
  @ApiQuery({ name: 'dryRun', required: false, type: Boolean })
  @ApiQuery({ name: 'file', required: false, description: 'Name of the file, for the record.' })
  @ApiQuery({ name: 'reason', required: false, description: 'Why; kept with every fact.' })
  @ApiExtraModels(ImportPreviewResponse)
  @ApiAcceptedResponse({ type: ImportResponse })
  @ApiOkResponse({ schema: { $ref: getSchemaPath(ImportPreviewResponse) } })
  async receive(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResponse | ImportPreviewResponse> {
    const body = csvBody(request);
    try {
      const {
        kind,
        issueCodes = true,
        dryRun = false,
        file,
        reason,
      } = readQuery(query, receiveQuery);
      if (kind === undefined) throw kindMissing();
      const options = { kind, issueCodes, file: file ?? null };
      const meta = commandMeta(request, { reason, source: 'import' });
      if (dryRun) {
        void reply.status(200);
        const caller = { key: meta.actor.id, gone: hangUpOf(reply) };
        const found = await this.imports.preview(body.chunks, options, caller);
        return { dryRun, ...previewResponse(found) };
      }
      const standing = await this.imports.receive(body.chunks, options, meta);
      commandResponse(reply, standing.id, standing);
      void reply.header('location', `/v1/imports/${standing.id}`);
      return importResponse(standing);
    } catch (error) {
      body.drain(reply);
      throw error;
    }
  }

  @Post(':id/retry')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Redo rows that were rejected, left for review or never reached',
    description: 'The stored file is read again; rows that were accepted are left alone.',
  })
  @ApiAcceptedResponse({ type: ImportResponse })
  async retry(
    @Param('id') id: string,
    @Body() { reason, evidence }: ReasonedBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResponse> {
    const meta = commandMeta(request, { reason, evidence });
    const standing = await this.imports.retry(id, meta, ifMatchOf(request));
    commandResponse(reply, id, standing);
    void reply.header('location', `/v1/imports/${id}`);
    return importResponse(standing);
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Take no more rows of an import',
    description:
      'A run ends between two rows, a moment later; one that waits ends at once. What was done stays done ' +
      'and is counted; `retry` goes on with the rows that are left. An import that has ended is 409 ' +
      '`IMPORT_FINISHED`; one that was cancelled already is answered as it stands.',
  })
  @ApiAcceptedResponse({ type: ImportResponse })
  async cancel(
    @Param('id') id: string,
    @Body() { reason }: CancelImportBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResponse> {
    const meta = commandMeta(request, { reason });
    const standing = await this.imports.cancel(id, meta, ifMatchOf(request));
    commandResponse(reply, id, standing);
    void reply.header('location', `/v1/imports/${id}`);
    return importResponse(standing);
  }
}

/** How much longer a refused upload may go on before its connection is cut. */
const drainMs = 5_000;

/**
 * The body as a stream. A refusal in its midst must not tear the connection down before the answer
 * is out: the rest is read and thrown away for a while.
 */
const csvBody = (request: FastifyRequest) => {
  const { body } = request;
  if (!(body instanceof Readable)) throw notCsv();
  return {
    chunks: { [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }) },
    drain: (reply: FastifyReply): void => {
      if (body.readableEnded || body.destroyed) return;
      void reply.header('connection', 'close');
      body.on('error', () => undefined);
      body.resume();
      setTimeout(() => body.destroy(), drainMs).unref();
    },
  };
};

const previewResponse = ({ problems, ...preview }: Awaited<ReturnType<Imports['preview']>>) => ({
  ...preview,
  problems: problems.map(({ problems: found = [], ...row }) => ({ ...row, problems: found })),
});

const kindMissing = () =>
  queryInvalid([{ pointer: '?kind', reason: 'expected one of products, manufacturers' }]);

const notCsv = () =>
  new Refusal(
    'MEDIA_TYPE_UNSUPPORTED',
    'unsupported-media-type',
    'expected a CSV file as the body, with Content-Type: text/csv',
  );
