import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { certificatePaths, nodeUrl } from '#embedded/certificates.js';
import { freePort } from '#embedded/free-port.js';

import { compiledRoot } from './build.js';
import { inheritedEnv } from './inherited-env.js';
import { runFolder } from './run-folder.js';

export interface EventNodeOptions {
  /** A database of the node's own. */
  readonly databaseUrl: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const attempts = 5;

/** Where a node is reached; it stays the same over restarts. */
export class NodeAddress {
  constructor(readonly port: number) {}

  /** For `EsdbEventLog.connect`. */
  get url(): string {
    return this.urlOn(this.port);
  }

  /** As `url`, for another port that leads to it. */
  urlOn(port: number): string {
    return nodeUrl(port, certificates());
  }

  /** What a client shows that is none of `@eventstore/db-client`. */
  get tls(): { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } {
    const { ca, clientCertificate, clientKey } = certificatePaths(certificates());
    return {
      ...{ ca: readFileSync(ca), cert: readFileSync(clientCertificate) },
      key: readFileSync(clientKey),
    };
  }
}

/** A running event node, the compiled app as its own process. It ends with the test run. */
export class TestEventNode extends NodeAddress {
  private constructor(
    private options: EventNodeOptions,
    private app: AppProcess,
    port: number,
  ) {
    super(port);
  }

  static start(options: EventNodeOptions): Promise<TestEventNode> {
    return onFreePort(options, async (port) => {
      const app = launch(options, port);
      await app.ready;
      return new TestEventNode(options, app, port);
    });
  }

  get pid(): number {
    return this.app.pid;
  }

  get isRunning(): boolean {
    return this.app.isRunning;
  }

  /** The last lines of its log. */
  get output(): string {
    return this.app.output;
  }

  /** Sends a signal; resolves when the process is gone, or at once for SIGSTOP and SIGCONT. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.app.signal(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.app.ended;
  }

  async stop(): Promise<void> {
    await this.app.stop();
  }

  /** Starts again on the same port, after `stop` or `kill` or instead of them; on another log where one is given. */
  async restart(databaseUrl = this.options.databaseUrl): Promise<void> {
    await this.app.stop();
    this.options = { ...this.options, databaseUrl };
    this.app = launch(this.options, this.port);
    await this.app.ready;
  }
}

export function startEventNode(options: EventNodeOptions): Promise<TestEventNode> {
  return TestEventNode.start(options);
}

/** Starts on the port of `options`, else on one that is free until then. */
export async function onFreePort<T>(
  { port: given }: EventNodeOptions,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    // Not one that the system gives out: that might be a client's own by the time of a restart.
    const port = given ?? (await freePort());
    try {
      return await start(port);
    } catch (error) {
      const lost = given === undefined && String(error).includes('EADDRINUSE');
      if (!lost || attempt === attempts) throw error;
    }
  }
}

/** What a node on this port is started with. */
export function nodeEnvironment(options: EventNodeOptions, port: number): NodeJS.ProcessEnv {
  return {
    ...inheritedEnv(),
    EVENT_NODE_DATABASE_URL: options.databaseUrl,
    EVENT_NODE_PORT: String(port),
    EVENT_NODE_CERTIFICATES: certificates(),
    ...options.env,
  };
}

/** One set for all nodes of a test run. */
const certificates = (): string => join(runFolder(), 'certificates');

function launch(options: EventNodeOptions, port: number): AppProcess {
  return new AppProcess({
    script: join(compiledRoot, 'apps', 'event-node', 'main.js'),
    env: nodeEnvironment(options, port),
    keepsParentAlive: false,
    // A run starts some hundreds of nodes.
    sourceMaps: false,
  });
}
