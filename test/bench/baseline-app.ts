import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsString, Length, Max, Min } from 'class-validator';
import pg from 'pg';

import { baselineTables } from './baseline-tables.js';

import 'reflect-metadata';

/**
 * What the command path is measured against: the same framework on the same PostgreSQL. A change is
 * one row per request (`insert`), or the row and an audit row in one transaction (`audit`); a read is
 * one SELECT with the same answer as ours (`select`).
 */

class RegisterProductDto {
  @IsIn(['ProdBattery', 'ProdModule', 'ProdInverter'])
  type!: string;

  @IsString()
  @Length(1, 500)
  manufacturer!: string;

  @IsString()
  @Length(1, 500)
  model!: string;

  @IsObject()
  elements!: Record<string, unknown>;

  @IsString()
  @Length(1, 1000)
  reason!: string;
}

class SetElementsDto {
  @IsObject()
  elements!: Record<string, unknown>;

  @IsString()
  @Length(1, 1000)
  reason!: string;
}

class PageDto {
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit = 100;
}

interface Written {
  readonly id: string;
  readonly revision: string | number;
}

type Write = pg.QueryConfig<unknown[]>;

const productOf = (body: RegisterProductDto): Write => ({
  name: 'register',
  text: `insert into products (type, manufacturer_id, model, elements, reason)
         values ($1, (select id from manufacturers where name = $2), $3, $4, $5)
         returning id, revision`,
  values: [body.type, body.manufacturer, body.model, body.elements, body.reason],
});

const elementsOf = (id: string, { elements, reason }: SetElementsDto): Write => ({
  name: 'set-elements',
  text: `insert into product_elements (product_id, elements, reason)
         values ($1, $2, $3) returning product_id as id, id as revision`,
  values: [id, elements, reason],
});

const answerOf = (rows: readonly Written[]): object => {
  const [row] = rows;
  return { id: row?.id, revision: Number(row?.revision) };
};

@Controller('insert/products')
class InsertController {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  @Post()
  async register(@Body() body: RegisterProductDto): Promise<object> {
    return answerOf((await this.pool.query<Written>(productOf(body))).rows);
  }

  @Post(':id/set-elements')
  @HttpCode(200)
  async set(@Param('id', ParseUUIDPipe) id: string, @Body() body: SetElementsDto): Promise<object> {
    return answerOf((await this.pool.query<Written>(elementsOf(id, body))).rows);
  }
}

@Controller('audit/products')
class AuditController {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  @Post()
  register(@Body() body: RegisterProductDto): Promise<object> {
    return this.audited('register', productOf(body), body);
  }

  @Post(':id/set-elements')
  @HttpCode(200)
  set(@Param('id', ParseUUIDPipe) id: string, @Body() body: SetElementsDto): Promise<object> {
    return this.audited('set-elements', elementsOf(id, body), body);
  }

  private async audited(action: string, write: Write, change: SetElementsDto): Promise<object> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<Written>(write);
      await client.query({
        name: 'audit',
        text: `insert into product_audit (product_id, actor, action, change, reason)
               values ($1, 'bench', $2, $3, $4)`,
        values: [rows[0]?.id, action, change.elements, change.reason],
      });
      await client.query('commit');
      return answerOf(rows);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
}

const productColumns = `p.id, p.code, p.type,
  json_build_object('id', m.id, 'name', m.name, 'code', m.code) as manufacturer,
  p.model, p.elements, p.certifications, p.qualifications, p.formerly, p.merged,
  p.warnings, p.revision, p.position::text
  from products p join manufacturers m on m.id = p.manufacturer_id`;

/** A page and where the next one starts, as the answer of a list. */
const pageOf = <Item>(
  rows: readonly Item[],
  limit: number,
  key: (last: Item) => unknown,
): object => {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const nextCursor =
    last === undefined ? null : Buffer.from(JSON.stringify(key(last))).toString('base64url');
  return { items, nextCursor };
};

const linked = <Item extends { readonly id: string }>(item: Item): Item & { links: object } => {
  const path = `/v1/products/${item.id}`;
  const links = {
    batteries: `${path}/batteries`,
    experiments: `${path}/experiments`,
    batteryProposal: `${path}/battery-proposal`,
  };
  return { ...item, links };
};

@Controller('select/products')
class SelectController {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  @Get()
  async list(@Query() { limit }: PageDto): Promise<object> {
    const { rows } = await this.pool.query<{ code: string; id: string }>({
      name: 'list',
      text: `select ${productColumns} order by p.code, p.id limit $1`,
      values: [limit + 1],
    });
    return pageOf(rows.map(linked), limit, ({ code, id }) => [code, id]);
  }

  @Get(':id')
  async one(@Param('id', ParseUUIDPipe) id: string): Promise<object> {
    const { rows } = await this.pool.query<{ id: string }>({
      name: 'one',
      text: `select ${productColumns} where p.id = $1`,
      values: [id],
    });
    if (!rows[0]) throw new NotFoundException('there is no such product');
    return linked(rows[0]);
  }

  @Get(':id/history')
  async history(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { limit }: PageDto,
  ): Promise<object> {
    const { rows } = await this.pool.query<{ revision: number }>({
      name: 'history',
      text: `select revision, position::text, recorded_at as "recordedAt",
                    occurred_at as "occurredAt", event, actor, source, reason, evidence, changes
             from product_history where product_id = $1 order by revision limit $2`,
      values: [id, limit + 1],
    });
    return pageOf(rows, limit, ({ revision }) => revision);
  }
}

const main = async (): Promise<void> => {
  const pool = new pg.Pool({
    connectionString: process.env['DATABASE_URL'],
    application_name: 'bench baseline',
    options: '-c search_path=bench',
    max: 20,
  });
  await pool.query(baselineTables);

  @Module({
    controllers: [InsertController, AuditController, SelectController],
    providers: [{ provide: pg.Pool, useValue: pool }],
  })
  class BaselineModule {}

  const app = await NestFactory.create<NestFastifyApplication>(
    BaselineModule,
    new FastifyAdapter(),
    { logger: false },
  );
  app.useGlobalPipes(
    new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
  );
  await app.listen(0, '127.0.0.1');
  process.on('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready', url: await app.getUrl() });
};

await main();
