/** Fixed, so that scripts can rely on them. */
export const exitCodes = {
  ok: 0,
  /** The server refused, or what was asked for failed. */
  failed: 1,
  /** Wrong arguments, an unreadable file, no API key. */
  usage: 2,
  /** No answer from the server, or it cannot serve now. */
  unreachable: 3,
  /** An import was carried out, and rows were rejected or need review. */
  rowsOpen: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0  done
  1  the server refused, or what was asked for failed
  2  wrong arguments, an unreadable file, or no API key
  3  the server cannot be reached, or cannot serve now
  4  an import was carried out, and rows were rejected or need review`;

/** Ends the command with a message for people and a code for scripts. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  constructor(
    message: string,
    readonly exitCode: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A failure of whoever typed the command. */
export function usage(message: string): CommandFailure {
  return new CommandFailure(message, exitCodes.usage);
}
