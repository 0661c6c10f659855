import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { OutputStream } from '#embedded/app-process.js';
import { wallNow } from '#kernel/wall-clock.js';
import { Logger, type LogLevel } from '#observability/logging.js';

import { LogFile } from './log-file.js';
import { Repeats } from './repeats.js';

type LoggedError = string | { readonly message?: string };

interface LogLine {
  /** A name, or pino's number. */
  readonly level: string | number;
  readonly time?: string | number;
  readonly msg?: string;
  readonly error?: LoggedError;
  readonly err?: LoggedError;
}

/** Of lines that are not shown, so that nobody needs to read more of them. */
const unshown = ['info', 'debug', 'trace'].map((level) => `{"level":"${level}"`);
const levelNames: Readonly<Record<number, string>> = { 40: 'warn', 50: 'error', 60: 'fatal' };
const shownLevels = new Set(Object.values(levelNames));

/** People read the terminal, machines the JSON lines in `<data folder>/logs/<part>.log`. */
export class Terminal {
  readonly logger: Logger;
  readonly logFolder: string;
  private readonly files = new Map<string, LogFile>();
  private readonly repeats = new Repeats();

  constructor(dataDir: string, level: LogLevel) {
    this.logFolder = join(dataDir, 'logs');
    mkdirSync(this.logFolder, { recursive: true, mode: 0o700 });
    process.on('exit', () => {
      for (const file of this.files.values()) file.flush();
    });
    const file = this.fileOf('standalone');
    this.logger = Logger.create({
      app: 'standalone',
      level,
      stream: { write: (text) => file.write(text) },
    });
  }

  /** One line for people, kept in our own log as well. */
  say(message: string): void {
    process.stdout.write(`${message}\n`);
    this.logger.info({}, message);
  }

  /** Something is wrong and is being dealt with. */
  warn(message: string, fields: object = {}): void {
    process.stderr.write(`${message}\n`);
    this.logger.warn(fields, message);
  }

  /**
   * Takes one line of a part: it goes to the part's log; warnings, errors and plain text are shown, too,
   * a warning that is repeated once a minute.
   */
  line(part: string, text: string, stream: OutputStream): void {
    this.fileOf(part).write(`${text}\n`);
    if (unshown.some((begin) => text.startsWith(begin))) return;
    const line = parsed(text);
    if (!line) {
      if (stream === 'stderr') process.stderr.write(`${part}: ${text}\n`);
      return;
    }
    const level = typeof line.level === 'number' ? levelNames[line.level] : line.level;
    if (level === undefined || !shownLevels.has(level)) return;
    const error = line.error ?? line.err;
    const reason = typeof error === 'string' ? error : error?.message;
    const message = [line.msg, reason].filter((text) => text !== undefined).join(': ');
    const shown = `${part} ${level}: ${inOneLine(message)}`;
    if (!this.repeats.isRepeat(shown)) process.stderr.write(`${timeOf(line)} ${shown}\n`);
  }

  private fileOf(part: string): LogFile {
    const file = this.files.get(part) ?? new LogFile(join(this.logFolder, `${part}.log`));
    this.files.set(part, file);
    return file;
  }
}

function parsed(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const line = JSON.parse(text) as Partial<LogLine>;
    return line.level === undefined ? undefined : (line as LogLine);
  } catch {
    return undefined;
  }
}

const longestMessage = 500;

/** The whole of it is in the log. */
function inOneLine(message: string): string {
  const line = message.replace(/\s+/g, ' ');
  return line.length > longestMessage ? `${line.slice(0, longestMessage)} ...` : line;
}

function timeOf(line: LogLine): string {
  const time = new Date(line.time ?? wallNow());
  return Number.isNaN(time.getTime()) ? '' : time.toISOString().slice(11, 19);
}
