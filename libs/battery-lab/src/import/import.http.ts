import { Readable } from 'node:stream';

import { Body, Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
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
import { AcceptsStream } from '#http/body-parsers.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute } from '#http/command-route.js';
import { hangUpOf } from '#http/hang-up.js';
import { boolean, queryInvalid, readQuery, text } from '#http/query-params.js';
import { actorOf } from '#http/request-context.js';
import { streamedBody } from '#http/streamed-body.js';
import { Refusal } from '#kernel/refusal.js';

import type { CyclerFile } from '../file/inspect-file.js';
import { mappingProblems } from '../file/mapping.js';
import {
  ExperimentImports,
  importIdOf,
  type RequestImport,
  type WantedImport,
} from './experiment-imports.js';
import { ImportExperimentBody } from './import-body.http.js';
import { CyclerFileResponse, ExperimentPreviewResponse } from './import-response.http.js';

const fileQuery = { name: text(300), forMapping: boolean };

/** Files of cyclers, on their way to experiments. */
@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/cycler-files')
@RequirePermission('lab.write')
export class CyclerFileController {
  constructor(private readonly imports: ExperimentImports) {}

  @Post()
  @HttpCode(200)
  @AcceptsStream('text/csv')
  @ApiOperation({
    summary: 'Send a file that a cycler has written',
    description:
      'The body is streamed and kept under its hash, by which `POST /v1/experiments/import` names it. What is in no ' +
      'layout that is known is refused, and not kept, unless `forMapping` says that a mapping comes with the import. What ' +
      'no import has named expires after a while.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({
    schema: {
      type: 'string',
      format: 'binary',
      example:
        'Test Time / s,Voltage / V,Current / A,Unix Time / s\n0,3.6,1.3,1777892400\n10,3.61,1.3,1777892410\n',
    },
  })
  @ApiQuery({ name: 'name', description: 'Of the file, as reports call it.' })
  @ApiQuery({
    name: 'forMapping',
    required: false,
    type: Boolean,
    description: 'Keeps also a file in no layout that is known.',
  })
  @ApiOkResponse({ type: CyclerFileResponse })
  async send(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CyclerFileResponse> {
    if (!(request.body instanceof Readable)) throw notText();
    const body = streamedBody(request.body);
    try {
      const { name, forMapping = false } = readQuery(query, fileQuery);
      if (name === undefined) {
        throw queryInvalid([{ pointer: '?name', reason: 'expected the name of the file' }]);
      }
      const { file, ...sent } = await this.imports.keep(body.chunks, name, forMapping);
      return { ...sent, name, ...read(file) };
    } catch (error) {
      body.drain(reply);
      throw error;
    }
  }
}

/** Experiments that were recorded elsewhere. */
@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/experiments')
@RequirePermission('lab.write')
export class ExperimentImportController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly imports: ExperimentImports,
  ) {}

  @CommandRoute('import', {
    status: 202,
    summary: 'Import an experiment from files of a cycler',
    description:
      'The files of one test of one cell, sent before, are stitched in the order of their clocks and taken in with ' +
      'their real times; the experiment is `importing` until then. The same files of the same battery, read in the ' +
      'same way, are the same experiment. With `?dryRun=true` the answer says what they would give, and nothing is ' +
      'written: after 60 seconds it says what was found until then (`complete` is false). One at a time for each key.',
  })
  @ApiQuery({
    name: 'dryRun',
    required: false,
    type: Boolean,
    description: 'Only says what the files would give, and writes nothing.',
  })
  @ApiExtraModels(ExperimentPreviewResponse)
  @ApiOkResponse({ schema: { $ref: getSchemaPath(ExperimentPreviewResponse) } })
  async import(
    @Query() query: Record<string, unknown>,
    @Body() body: ImportExperimentBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse | ExperimentPreviewResponse> {
    const { dryRun = false } = readQuery(query, { dryRun: boolean });
    const request = await this.imports.plan(wantedOf(body));
    if (dryRun) {
      void call.reply.status(200);
      const { id: key } = actorOf(call.request);
      return {
        dryRun,
        ...(await this.imports.preview(request, key, hangUpOf(call.reply))),
      };
    }
    const id = importIdOf(request);
    const { result } = await this.gateway.execute(call, {
      on: (_: string, command: RequestImport) => this.imports.carryOut(id, command),
      ...{ id, body },
      command: async (meta) => {
        const data = await this.imports.checked(request);
        await this.imports.enqueue(id, data);
        return { type: 'RequestImport' as const, data, meta };
      },
    });
    void call.reply.header('location', `/v1/experiments/${id}`);
    return commandResponse(call.reply, id, result);
  }
}

const wantedOf = ({
  mapping,
  startedAt,
  reason: _,
  ...body
}: ImportExperimentBody): WantedImport => {
  refuseRepeated(body.files);
  if (mapping) refuseMapping(mapping);
  const { name, description, batteryId, zone, dateOrder, timeUnit } = body;
  return {
    ...{ name, description: description ?? null, batteryId },
    files: body.files.map((file) => ({ name: file.name, sha256: file.sha256 })),
    zone: zone ?? null,
    // Written in one way, so that the same is the same.
    startedAt: startedAt ? new Date(startedAt).toISOString() : null,
    dateOrder: dateOrder ?? null,
    timeUnit: timeUnit ?? null,
    mapping: mapping ? (JSON.parse(JSON.stringify(mapping)) as WantedImport['mapping']) : null,
  };
};

/** Reports call files by their names. */
const refuseRepeated = (files: ImportExperimentBody['files']): void => {
  const errors = files.flatMap((file, at) =>
    (['name', 'sha256'] as const)
      .filter((member) => files.findIndex((one) => one[member] === file[member]) < at)
      .map((member) => ({
        pointer: `/files/${String(at)}/${member}`,
        reason: 'expected one that no file before has',
      })),
  );
  if (errors.length > 0) {
    throw new Refusal('FILES_REPEATED', 'invalid', 'a file is named twice', { errors });
  }
};

const refuseMapping = (mapping: NonNullable<ImportExperimentBody['mapping']>): void => {
  const errors = mappingProblems(mapping).map(({ column, reason }) => ({
    pointer: column < 0 ? '/mapping/columns' : `/mapping/columns/${String(column)}/as`,
    reason,
  }));
  if (errors.length > 0) {
    throw new Refusal('MAPPING_INVALID', 'invalid', 'the mapping is not complete', { errors });
  }
};

const read = (
  file: CyclerFile | null,
): Pick<CyclerFileResponse, 'layout' | 'encoding' | 'columns'> => ({
  layout: file?.header.layout.name ?? null,
  encoding: file?.encoding ?? null,
  columns: Object.entries(file?.header.columns ?? {}).map(([as, { title, unit }]) => ({
    ...{ column: title, as, unit: unit ?? null },
  })),
});

const notText = () =>
  new Refusal(
    'MEDIA_TYPE_UNSUPPORTED',
    'unsupported-media-type',
    'expected a text file as the body, with Content-Type: text/csv',
  );
