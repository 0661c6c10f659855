import { statfs } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';

import type { CheckResult } from './health.js';

const MEBIBYTE = 1024 * 1024;
const pollMs = 1_000;

export interface DiskSettings {
  readonly VOLTRACE_DISK_RESERVE_BYTES: number;
  readonly VOLTRACE_DISK_FOLDERS: string | undefined;
}

/** A disk with less free space than the reserve. */
export interface DiskShortage {
  readonly folder: string;
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/** A plain text of it, without the folder: it is told to callers. */
export const describeShortage = ({ freeBytes, reserveBytes }: DiskShortage): string =>
  `disk full: ${inMebibytes(freeBytes)} free, and ${inMebibytes(reserveBytes)} are kept in reserve`;

const inMebibytes = (bytes: number): string => `${String(Math.floor(bytes / MEBIBYTE))} MiB`;

export interface DiskLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * Watches the free space of the disks below some folders, once a second, so that a hot path only
 * reads `shortage`. It logs when a disk becomes full and when there is room again.
 */
export class DiskReserve {
  /** The first disk that is full; undefined while there is room. */
  shortage: DiskShortage | undefined;
  private readonly folders: Set<string>;
  private readonly reserveBytes: number;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    settings: DiskSettings,
    own: readonly string[],
    private readonly logger: DiskLogger,
    private readonly onChange: (shortage: DiskShortage | undefined) => void = () => undefined,
  ) {
    this.reserveBytes = settings.VOLTRACE_DISK_RESERVE_BYTES;
    const given = settings.VOLTRACE_DISK_FOLDERS?.split(delimiter) ?? [];
    this.folders = new Set([...own, ...given].filter(Boolean).map((path) => resolve(path)));
  }

  /** Looks at the disk of this folder, too, from the next time on. */
  watch(folder: string): void {
    this.folders.add(resolve(folder));
  }

  /** Resolves when the disks were looked at for the first time. Does not keep the process alive. */
  async start(): Promise<void> {
    await this.measure();
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.start(), pollMs).unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Measures now. Never rejects: a disk that cannot be asked is no reason to refuse anything. */
  async measure(): Promise<DiskShortage | undefined> {
    const { reserveBytes } = this;
    let found: DiskShortage | undefined;
    for (const folder of this.folders) {
      const freeBytes = await freeBytesOf(folder);
      if (freeBytes < reserveBytes) found ??= { folder, freeBytes, reserveBytes };
    }
    const changed = (found === undefined) !== (this.shortage === undefined);
    this.shortage = found;
    if (changed) this.tell(found);
    return found;
  }

  /** For the readiness of a process: down while a disk is full. */
  health(): CheckResult {
    const { shortage } = this;
    if (shortage === undefined) return { status: 'up' };
    const { freeBytes, reserveBytes } = shortage;
    return { status: 'down', reason: 'disk full', freeBytes, reserveBytes };
  }

  private tell(shortage: DiskShortage | undefined): void {
    if (shortage === undefined) this.logger.info({}, 'there is room on the disk again');
    else this.logger.warn(shortage, 'disk full: appends and uploads are refused');
    this.onChange(shortage);
  }
}

/** Of a folder that is not there yet: of the one that it will be made in. */
const freeBytesOf = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const parent = dirname(folder);
    return missing && parent !== folder ? freeBytesOf(parent) : Number.POSITIVE_INFINITY;
  }
};
