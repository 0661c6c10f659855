import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { ProblemDetailsFilter } from '#http/problem-details.filter.js';
import { installRequestHooks } from '#http/server.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

import { ResourceReader } from '../reader.js';

@Module({})
class ResourceModule {
  static over(reader: ResourceReader, parts: Parts): DynamicModule {
    const providers = [{ provide: ResourceReader, useValue: reader }];
    return { module: ResourceModule, global: true, providers, exports: providers, ...parts };
  }
}

interface Parts {
  readonly imports?: Type[];
  readonly controllers?: Type[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Empty where the answer is no JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Routes of resources as the API serves them, without its guards. */
export class ResourceApp {
  private constructor(
    readonly app: NestFastifyApplication,
    private readonly url: string,
  ) {}

  static async start(reader: ResourceReader, parts: Parts): Promise<ResourceApp> {
    const metrics = new Metrics({ processMetrics: false });
    const logger = Logger.create({ app: 'test', level: 'silent' });
    const adapter = new FastifyAdapter();
    const app = await NestFactory.create<NestFastifyApplication>(
      ResourceModule.over(reader, parts),
      adapter,
      { logger: false, abortOnError: false },
    );
    installRequestHooks(adapter.getInstance(), metrics);
    app.useGlobalFilters(new ProblemDetailsFilter(logger, metrics));
    await app.listen(0, '127.0.0.1');
    return new ResourceApp(app, await app.getUrl());
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const reply = await fetch(`${this.url}${path}`, { headers });
    const text = await reply.text();
    const isJson = /^application\/(problem\+)?json/.test(reply.headers.get('content-type') ?? '');
    return {
      status: reply.status,
      headers: Object.fromEntries(reply.headers),
      text,
      body: isJson ? (JSON.parse(text) as Answer['body']) : {},
    };
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
