import {
  Body,
  Controller,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsObject, IsString, Length } from 'class-validator';
import pg from 'pg';

import 'reflect-metadata';

/**
 * What the command path is measured against: the same framework on the same PostgreSQL, writing
 * (a) one row per request, or (b) the row and an audit row in one transaction.
 */

class SetElementsDto {
  @IsObject()
  elements!: Record<string, unknown>;

  @IsString()
  @Length(1, 1000)
  reason!: string;
}

const insertOf = (id: string, { elements, reason }: SetElementsDto) => ({
  name: 'insert',
  text: `insert into product_elements (product_id, elements, reason)
         values ($1, $2, $3) returning id as revision`,
  values: [id, elements, reason],
});

@Controller('/v1/products')
class BaselineController {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  @Post(':id/insert')
  @HttpCode(200)
  async insert(@Param('id') id: string, @Body() body: SetElementsDto): Promise<object> {
    const { rows } = await this.pool.query<{ revision: string }>(insertOf(id, body));
    return { id, revision: Number(rows[0]?.revision) };
  }

  @Post(':id/audit')
  @HttpCode(200)
  async audit(@Param('id') id: string, @Body() body: SetElementsDto): Promise<object> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ revision: string }>(insertOf(id, body));
      await client.query({
        name: 'audit',
        text: `insert into product_audit (product_id, actor, action, change, reason)
               values ($1, 'bench', 'set-elements', $2, $3)`,
        values: [id, body.elements, body.reason],
      });
      await client.query('commit');
      return { id, revision: Number(rows[0]?.revision) };
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
}

const tables = `
  create table if not exists product_elements (
    id bigint generated always as identity primary key,
    product_id uuid not null, elements jsonb not null, reason text not null,
    recorded_at timestamptz not null default now());
  create index if not exists product_elements_product on product_elements (product_id);
  create table if not exists product_audit (
    id bigint generated always as identity primary key,
    product_id uuid not null, actor text not null, action text not null, change jsonb not null,
    reason text not null, recorded_at timestamptz not null default now());
  create index if not exists product_audit_product on product_audit (product_id);`;

const main = async (): Promise<void> => {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20 });
  await pool.query(tables);

  @Module({
    controllers: [BaselineController],
    providers: [{ provide: pg.Pool, useValue: pool }],
  })
  class BaselineModule {}

  const app = await NestFactory.create<NestFastifyApplication>(
    BaselineModule,
    new FastifyAdapter(),
    {
      logger: false,
    },
  );
  app.useGlobalPipes(
    new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
  );
  await app.listen(0, '127.0.0.1');
  process.on('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready', url: await app.getUrl() });
};

await main();
