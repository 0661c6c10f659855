import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';

import { compiled } from './build.js';

export interface EventNodeOptions {
  /** A database of the node's own. */
  readonly databaseUrl: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running event node, the compiled app as its own process. It ends with the test run. */
export class TestEventNode {
  private constructor(
    private readonly options: EventNodeOptions,
    private readonly script: string,
    private app: AppProcess,
    readonly port: number,
  ) {}

  static async start(options: EventNodeOptions): Promise<TestEventNode> {
    const script = join(await compiled(), 'apps', 'event-node', 'main.js');
    const app = launch(script, options, options.port ?? 0);
    const { port } = await app.ready;
    if (port === undefined) throw new Error('The event node did not say its port');
    return new TestEventNode(options, script, app, port);
  }

  /** For `EsdbEventLog.connect`; stays the same over restarts. */
  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
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

  /** Starts again on the same port, after `stop` or `kill` or instead of them. */
  async restart(): Promise<void> {
    await this.app.stop();
    this.app = launch(this.script, this.options, this.port);
    await this.app.ready;
  }
}

export function startEventNode(options: EventNodeOptions): Promise<TestEventNode> {
  return TestEventNode.start(options);
}

function launch(script: string, options: EventNodeOptions, port: number): AppProcess {
  return new AppProcess({
    script,
    env: {
      PATH: process.env['PATH'],
      EVENT_NODE_DATABASE_URL: options.databaseUrl,
      EVENT_NODE_PORT: String(port),
      ...options.env,
    },
    keepsParentAlive: false,
  });
}
