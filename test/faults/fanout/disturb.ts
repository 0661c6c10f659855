import { setTimeout as sleep } from 'node:timers/promises';

import { pick } from '#test/support/seeded.js';
import type { KafkaBroker } from '#testing/kafka/broker.js';

/** What a round may do harm to. */
export const targets = ['relay', 'analytics', 'event-node', 'kafka'] as const;
export type Target = (typeof targets)[number];

/** Short: a pause of the machine. Long: whoever wakes up after it has been replaced (see `lease.ts`). */
const freezesMs = [500, 3_000, 13_000] as const;

export interface Harm {
  readonly target: Target;
  /** Absent: killed with SIGKILL. */
  readonly frozenMs?: number;
}

/** The harm that is done next: half of it kills, half of it freezes. */
export const nextHarm = (random: () => number): Harm => {
  const target = pick(random, targets);
  return random() < 0.5 ? { target } : { target, frozenMs: pick(random, freezesMs) };
};

export const describeHarm = ({ target, frozenMs }: Harm): string =>
  frozenMs === undefined ? `kill ${target}` : `freeze ${target} ${String(frozenMs)} ms`;

/** Where the processes are that can be harmed. */
export interface Victims {
  readonly broker: KafkaBroker;
  /** Pids of the running processes of an app; to kill, only those that somebody starts again. */
  pidsOf(app: Exclude<Target, 'kafka'>, isKilled: boolean): readonly number[];
}

/** Does it, and waits until what was frozen is awake and what was killed by us is started again. False: nobody was there. */
export const doHarm = async (
  harm: Harm,
  victims: Victims,
  random: () => number,
): Promise<boolean> => {
  if (harm.target === 'kafka') {
    await harmBroker(harm, victims.broker);
    return true;
  }
  const pids = victims.pidsOf(harm.target, harm.frozenMs === undefined);
  if (pids.length === 0) return false;
  const pid = pick(random, pids);
  if (harm.frozenMs === undefined) return signal(pid, 'SIGKILL');
  if (!signal(pid, 'SIGSTOP')) return false;
  await sleep(harm.frozenMs);
  signal(pid, 'SIGCONT');
  return true;
};

const harmBroker = async ({ frozenMs }: Harm, broker: KafkaBroker): Promise<void> => {
  if (frozenMs === undefined) {
    await broker.kill('SIGKILL');
    await broker.restart();
    return;
  }
  await broker.kill('SIGSTOP');
  await sleep(frozenMs);
  await broker.kill('SIGCONT');
};

const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};
