import pg from 'pg';

const nameOf = (client: pg.Client): string => {
  const { connectionParameters } = client as unknown as {
    connectionParameters: { application_name: string };
  };
  return connectionParameters.application_name;
};

const cut = (client: pg.Client): void => {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
};

/** What the runner under test has named its connections, beside those of its lease. */
export const brokenOff = 'broken off';
const ofRunner = new Set([brokenOff, 'voltrace projection lease']);

/**
 * From the runner's statement of number `at` on, nothing that it says reaches the server: what that sees
 * of a process that died there.
 */
export class BreakOff {
  private statements = 0;
  private readonly send: (...args: unknown[]) => unknown;
  hasBroken = false;

  constructor(at: number) {
    const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
    this.send = send;
    const isCut = (client: pg.Client): boolean => {
      if (!ofRunner.has(nameOf(client))) return false;
      this.statements += 1;
      if (this.statements >= at) this.hasBroken = true;
      return this.hasBroken;
    };
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
      if (isCut(this)) cut(this);
      return send.apply(this, args);
    } as typeof pg.Client.prototype.query;
  }

  /** Nothing gets through from now on. True when it was so before. */
  now(): boolean {
    const before = this.hasBroken;
    this.hasBroken = true;
    return before;
  }

  end(): void {
    pg.Client.prototype.query = this.send as typeof pg.Client.prototype.query;
  }
}
