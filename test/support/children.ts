import { readdirSync, readFileSync } from 'node:fs';

/** A running child process of Voltrace: `api`, `projector`, `event-node` or `postgres`. */
export interface ChildOf {
  readonly name: string;
  readonly pid: number;
}

/** The children of a process, by the kernel's word (Linux). */
export const childrenOf = (parent: number): ChildOf[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        // The command's name, in parentheses, may hold spaces: the fields follow the last one.
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(ppid) !== parent || state === 'Z') return [];
        const name = nameOf(readFileSync(`/proc/${entry}/cmdline`, 'utf8'));
        return name === undefined ? [] : [{ name, pid: Number(entry) }];
      } catch {
        return [];
      }
    });

const nameOf = (cmdline: string): string | undefined => {
  const app = /apps\/([\w-]+)\/main\.js/.exec(cmdline)?.[1];
  return app ?? (cmdline.includes('/postgres\0') ? 'postgres' : undefined);
};
