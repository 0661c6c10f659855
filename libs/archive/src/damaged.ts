/** The archive is not what an export wrote. The message names the file and, of a chunk, the line. */
export class ArchiveDamaged extends Error {
  override readonly name = 'ArchiveDamaged';

  constructor(where: string, reason: string) {
    super(`${where}: ${reason}`);
  }
}

/** The archive, the log or the target is not one that this can be done with; nothing was changed. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}
