import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position, StoredEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { JobQueue } from '#jobs/job-queue.js';
import { KeptFiles } from '#jobs/kept-files.js';
import { contentIdOf } from '#kernel/ids.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { commandMeta } from '#testing/decider-spec.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { startEventNode, type TestEventNode } from '#testing/event-node.js';
import { databaseFrom } from '#testing/template-database.js';

import { ProductRegistry } from '../../registry.js';
import { ReceiveImport } from '../commands.js';
import { importDecider } from '../decider.js';
import type { ImportKind } from '../events.js';
import { mappingVersion } from '../mapping.js';
import { importQueue } from '../run/import-runner.js';
import type { RunTools } from '../run/run-import.js';
import type { ImportStates } from '../run/run-steps.js';
import type { ReceivedImport } from '../state.js';

const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: (fields: object) => {
    console.error(fields);
  },
};

/** The parts of an import on a real event node and a real Postgres, without HTTP. For tests. */
export class ImportBench {
  private constructor(
    private readonly databases: readonly TestDatabase[],
    readonly node: TestEventNode,
    readonly store: ReadStore,
    readonly dataDir: string,
    readonly tools: RunTools,
    readonly queue: JobQueue,
  ) {}

  static async start(): Promise<ImportBench> {
    const logDatabase = await testDatabase();
    const storeDatabase = await databaseFrom({ name: 'import-bench', prepare: migrate });
    const node = await startEventNode({ databaseUrl: logDatabase.url });
    const store = new ReadStore(storeDatabase.url);
    const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-import-'));
    const tools = toolsOn(node.url, dataDir);
    const databases = [logDatabase, storeDatabase];
    return new ImportBench(databases, node, store, dataDir, tools, importQueue(store.pool));
  }

  /** The parts of another process on the same log and the same folder. */
  another(): RunTools {
    return toolsOn(this.node.url, this.dataDir);
  }

  async receive(
    content: string | Buffer,
    options: { kind?: ImportKind; issueCodes?: boolean; asOf?: string | undefined } = {},
  ): Promise<string> {
    const { kind = 'products', issueCodes = true, asOf } = options;
    const { files, log, imports } = this.tools;
    const spooled = await files.spool(chunks(Buffer.from(content)));
    await files.keep(spooled);
    const { sha256, bytes } = spooled;
    const id = contentIdOf('import', sha256, kind, String(mappingVersion));
    this.received += 1;
    const meta = commandMeta({ commandId: contentIdOf('test', id, String(this.received)) });
    const dated = asOf !== undefined && { asOf };
    const data = { kind, sha256, bytes, file: 'list.csv', mappingVersion, issueCodes, ...dated };
    await handleCommand(log, imports, id, new ReceiveImport(data, meta));
    return id;
  }

  private received = 0;

  async receiveFile(
    path: string,
    options: { kind?: ImportKind; asOf?: string } = {},
  ): Promise<string> {
    return this.receive(await readFile(path), options);
  }

  /** As another process reads it: tests ask again and again until it ends. */
  async state(importId: string): Promise<ReceivedImport> {
    this.reader ??= this.another();
    const { state } = await this.reader.imports.refresh(importId);
    if (state.status === 'none') throw new Error('the import was not received');
    return state;
  }

  /** Kept: a new connection takes more of a machine than what it is made for. */
  private reader: RunTools | undefined;

  /** All events of the streams whose names begin with one of the categories. */
  async events(...categories: readonly string[]): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    let after: Position | undefined;
    for (;;) {
      const page = await this.tools.log.readAll({ limit: 2_000, ...(after && { after }) });
      found.push(
        ...page.events.filter(({ stream }) =>
          categories.some((one) => stream.startsWith(`${one}-`)),
        ),
      );
      if (page.atEnd) return found;
      after = page.next;
    }
  }

  async stop(): Promise<void> {
    await this.tools.log.close();
    await this.reader?.log.close();
    await this.store.close();
    await this.node.stop();
    for (const database of this.databases) await database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

const toolsOn = (url: string, dataDir: string): RunTools => {
  const log = EsdbEventLog.connect(url);
  const imports: ImportStates = new States(log, importDecider);
  const files = new KeptFiles(join(dataDir, 'imports'), 64 * 1024 * 1024, undefined, [
    'csv',
    'xlsx',
  ]);
  return { log, imports, registry: new ProductRegistry(log), files, logger: silent };
};

const chunks = (content: Buffer): AsyncIterable<Uint8Array> => new Blob([content]).stream();
