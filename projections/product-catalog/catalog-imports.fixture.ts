import { LogTail } from '#event-log/log-tail.js';
import type { RunTools } from '#product-registry/import/run/run-import.js';
import { ImportBench } from '#product-registry/import/testing/import-bench.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { quiet } from '#testing/quiet.js';

import { CatalogLookAlikes } from './catalog-look-alikes.js';
import { productCatalog } from './product-catalog.projection.js';

/** Imports beside the catalogue's read model, which follows the log in the same process. */
export class CatalogImports {
  private constructor(
    readonly bench: ImportBench,
    /** The tools of a run that asks the read model. */
    readonly tools: RunTools,
    private readonly tail: LogTail,
    private readonly runner: ProjectionRunner,
  ) {}

  static async start(): Promise<CatalogImports> {
    const bench = await ImportBench.start();
    const { store, tools } = bench;
    const { log } = tools;
    const tail = new LogTail(log);
    await tail.start();
    const runner = new ProjectionRunner([productCatalog], { store, log, tail, logger: quiet });
    await runner.start();
    await untilBuilt(store, [productCatalog], 20_000);
    const lookAlikes = new CatalogLookAlikes(store);
    return new CatalogImports(bench, { ...tools, lookAlikes }, tail, runner);
  }

  async stop(): Promise<void> {
    await this.runner.stop();
    await this.tail.stop();
    await this.bench.stop();
  }
}
