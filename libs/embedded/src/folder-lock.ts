import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { identityOf, isRunning, type ProcessIdentity } from './processes.js';

/** Another process has the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';

  constructor(
    folder: string,
    readonly pid: number,
  ) {
    super(`Process ${pid} uses ${folder}`);
  }
}

/** Who wishes for the folder looks whether others do; who holds it has looked. */
type Kind = 'wish' | 'held';

interface Claim {
  readonly kind: Kind;
  readonly holder: ProcessIdentity;
  readonly name: string;
}

const longestWishMs = 5_000;

/**
 * A folder that one process has for itself, until it gives it back or is gone.
 *
 * A claim is an empty file in `<folder>/lock`, whose name says whose it is. Names are never used twice
 * and the claim of a process that is gone counts for nothing, so there is nothing to take over: who
 * comes upon it late removes that one and no other. Everybody places a wish first and looks for other
 * claims then, so that of two at least one sees the other.
 */
export class FolderLock {
  private readonly claims: string;
  private readonly mine: string[] = [];

  private constructor(private readonly folder: string) {
    this.claims = join(folder, 'lock');
  }

  /** Throws `FolderInUse` where another has it. Of several at the same instant one gets it. */
  static async take(folder: string): Promise<FolderLock> {
    const lock = new FolderLock(folder);
    mkdirSync(lock.claims, { recursive: true, mode: 0o700 });
    try {
      await lock.waitForTurn(lock.place('wish', process.pid));
      lock.place('held', process.pid);
      return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** For a server of ours: the folder is not free again before it has ended, too, even if we are killed. */
  shareWith(pid: number): void {
    this.place('held', pid);
  }

  release(): void {
    for (const name of this.mine.splice(0)) rmSync(join(this.claims, name), { force: true });
  }

  /** The wish with the smallest name waits until the others have seen it and gone. */
  private async waitForTurn(wish: string): Promise<void> {
    const deadline = performance.now() + longestWishMs;
    for (let others = this.others(); others.length > 0; others = this.others()) {
      const waitedLong = performance.now() > deadline;
      const first = others.find(({ kind, name }) => kind === 'held' || name < wish || waitedLong);
      if (first) throw new FolderInUse(this.folder, first.holder.pid);
      await sleep(10);
    }
  }

  private place(kind: Kind, pid: number): string {
    const holder = identityOf(pid);
    if (!holder) throw new Error(`Process ${pid} is gone: it cannot hold ${this.folder}`);
    const startedAt = Buffer.from(holder.startedAt).toString('base64url');
    const name = [kind, randomBytes(8).toString('hex'), pid, startedAt].join('.');
    writeFileSync(join(this.claims, name), '', { mode: 0o600, flag: 'wx' });
    this.mine.push(name);
    return name;
  }

  private others(): Claim[] {
    const claims = readdirSync(this.claims).flatMap((name) => claimNamed(name) ?? []);
    return claims.filter(({ name, holder }) => {
      if (this.mine.includes(name)) return false;
      if (isRunning(holder)) return true;
      rmSync(join(this.claims, name), { force: true });
      return false;
    });
  }
}

function claimNamed(name: string): Claim | undefined {
  const [, kind, pid, started] = /^(wish|held)\.[0-9a-f]+\.(\d+)\.([\w-]+)$/.exec(name) ?? [];
  if (kind === undefined || started === undefined) return undefined;
  const startedAt = Buffer.from(started, 'base64url').toString();
  return { kind: kind as Kind, holder: { pid: Number(pid), startedAt }, name };
}
