import { mkdtempSync, renameSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system that never has room. */
const withoutRoom = process.platform === 'linux' ? '/proc' : '/dev';

/**
 * The name of a folder that lies on a disk with room or on a full one, for those that watch it:
 * nothing has to be filled, and the rest of the machine has no say.
 */
export class FullDisk {
  private readonly home = mkdtempSync(join(tmpdir(), 'voltrace-disk-'));
  readonly folder = join(this.home, 'watched');

  constructor() {
    this.point(this.home);
    if (statfsSync(withoutRoom).bavail > 0) throw new Error(`there is room in ${withoutRoom}`);
  }

  /** The settings of whoever watches it. */
  get env(): Record<string, string> {
    return {
      VOLTRACE_DISK_FOLDERS: this.folder,
      VOLTRACE_DISK_RESERVE_BYTES: String(32 * 1024 * 1024),
    };
  }

  fill(): void {
    this.point(withoutRoom);
  }

  clear(): void {
    this.point(this.home);
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private point(target: string): void {
    symlinkSync(target, `${this.folder}.new`);
    renameSync(`${this.folder}.new`, this.folder);
  }
}
