import { spawn } from 'node:child_process';

export interface ProgramEnd {
  /** Null when a signal ended it, or when it could not be started at all. */
  readonly code: number | null;
  /** The last lines of what it wrote on both streams. */
  readonly output: string;
  /** Why it could not be started: `ENOENT` where there is no such program. */
  readonly startError?: string | undefined;
  readonly timedOut: boolean;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly timeoutMs: number;
}

const keptCharacters = 4_000;

/** Runs a program without standard input to its end; never rejects. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // A child of its own may hold them open.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    }, options.timeoutMs);
    const end = (code: number | null, startError?: string): void => {
      clearTimeout(timer);
      resolve({ code, output: output.trim(), startError, timedOut });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-keptCharacters);
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? error.message));
    child.once('close', (code) => end(code));
  });
}
