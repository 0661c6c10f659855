import { readdirSync, readFileSync } from 'node:fs';

/** A running child process of Voltrace: `api`, `projector`, `event-node` or `postgres`. */
export interface ChildOf {
  readonly name: string;
  readonly pid: number;
}

/** The children of a process that are apps or Postgres, by the kernel's word (Linux). */
export const childrenOf = (parent: number): ChildOf[] =>
  commandsBelow(parent).flatMap(({ pid, cmdline }) => {
    const name = nameOf(cmdline);
    return name === undefined ? [] : [{ name, pid }];
  });

/** A process with its children, such as Postgres with a process for each connection. */
export const familyOf = (pid: number): readonly number[] => [
  pid,
  ...commandsBelow(pid).map((child) => child.pid),
];

const commandsBelow = (parent: number) =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        // The command's name, in parentheses, may hold spaces: the fields follow the last one.
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(ppid) !== parent || state === 'Z') return [];
        return [{ pid: Number(entry), cmdline: readFileSync(`/proc/${entry}/cmdline`, 'utf8') }];
      } catch {
        return [];
      }
    });

const nameOf = (cmdline: string): string | undefined => {
  const app = /apps\/([\w-]+)\/main\.js/.exec(cmdline)?.[1];
  return app ?? (cmdline.includes('/postgres\0') ? 'postgres' : undefined);
};
