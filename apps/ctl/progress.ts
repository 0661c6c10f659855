import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number, note: string): void;
  stop(): void;
}

/** A bar on the terminal; nothing where the output is read by a program. */
export function progressBar(title: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      format: `${title} {bar} {percentage} % | {note}`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { note: '' });
  return {
    update: (done, total, note) => {
      bar.setTotal(Math.max(total, 1));
      bar.update(done, { note });
    },
    stop: () => bar.stop(),
  };
}
