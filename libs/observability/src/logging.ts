import {
  destination,
  type DestinationStream,
  type Logger as Pino,
  pino,
  stdSerializers,
} from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Name of the process, on every line. */
  readonly app: string;
  readonly level?: LogLevel;
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream;
}

/** Members whose values never reach a log line: at the top, and one or two levels down. */
const secret = [
  'authorization',
  'password',
  'secret',
  'secretSha256',
  'token',
  'cookie',
  'apiKey',
  '["x-api-key"]',
];
const below = (parents: string) =>
  secret.map((name) => (name.startsWith('[') ? parents + name : `${parents}.${name}`));
const redact = {
  paths: [...secret, ...below('*'), ...below('*.*')],
  censor: '[redacted]',
};

/** One JSON line per decision that matters, on standard output. Thin over pino. */
export class Logger {
  constructor(private readonly pino: Pino) {}

  static create({ app, level = 'info', stream }: LoggerOptions): Logger {
    const options = {
      level,
      base: { app, pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { error: stdSerializers.err, err: stdSerializers.err },
      redact,
    };
    return new Logger(pino(options, stream ?? destination({ dest: 1, sync: true })));
  }

  debug(fields: object, message: string): void {
    this.pino.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.pino.info(fields, message);
  }

  warn(fields: object, message: string): void {
    this.pino.warn(fields, message);
  }

  /** Give the error as `{ error }`: message, stack and cause are written out. */
  error(fields: object, message: string): void {
    this.pino.error(fields, message);
  }

  fatal(fields: object, message: string): void {
    this.pino.fatal(fields, message);
  }

  /** A logger whose every line carries `bindings` too. */
  child(bindings: Readonly<Record<string, unknown>>): Logger {
    return new Logger(this.pino.child(bindings));
  }
}
