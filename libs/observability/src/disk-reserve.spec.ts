import { describe, expect, it } from 'vitest';

import { describeShortage, DiskReserve } from './disk-reserve.js';

const silent = { info: () => undefined, warn: () => undefined };
const reserve = (bytes: number, folders: readonly string[]) =>
  new DiskReserve(
    { VOLTRACE_DISK_RESERVE_BYTES: bytes, VOLTRACE_DISK_FOLDERS: undefined },
    folders,
    silent,
  );

describe('the reserve of a disk', () => {
  it('is missed below the folder that a missing one will be made in', async () => {
    const disk = reserve(Number.MAX_SAFE_INTEGER, ['/', '/not/there/yet']);
    expect(await disk.measure()).toMatchObject({ folder: '/' });
    const missing = reserve(Number.MAX_SAFE_INTEGER, ['/not/there/yet']);
    expect(await missing.measure()).toMatchObject({ folder: '/not/there/yet' });
    expect(missing.health()).toMatchObject({ status: 'down', reason: 'disk full' });
  });

  it('is there where the disk cannot be asked', async () => {
    const disk = reserve(Number.MAX_SAFE_INTEGER, ['/dev/null/x']);
    expect(await disk.measure()).toBeUndefined();
    expect(disk.health()).toEqual({ status: 'up' });
  });

  it('names sizes and no folder to callers', () => {
    const shortage = { folder: '/srv/x', freeBytes: 3_500_000, reserveBytes: 268_435_456 };
    expect(describeShortage(shortage)).toBe(
      'disk full: 3 MiB free, and 256 MiB are kept in reserve',
    );
  });
});
