import { setTimeout as sleep } from 'node:timers/promises';

import { positionTopic } from '#fanout/cluster/topics.js';
import { pick, shuffled } from '#test/support/seeded.js';
import type { Voltrace } from '#test/support/voltrace.js';
import type { KafkaBroker } from '#testing/kafka/broker.js';
import type { KafkaCluster } from '#testing/kafka/cluster.js';

import { type DiskHarm, diskHarms, type Disks } from '../disks.js';

export const facts = 'voltrace.product-registry.v1';

/** Whose leaders are moved: the facts, the relay's position, the transactions, the groups. */
const topics = [facts, positionTopic, '__transaction_state', '__consumer_offsets'] as const;

const apps = ['relay', 'consumers', 'event-node'] as const;
type App = (typeof apps)[number];

const processes = [...apps, 'kafka'] as const;
type Process = (typeof processes)[number];

/** Short: a pause of the machine. Long: whoever wakes up after it has been replaced (see `lease.ts`). */
const freezesMs = [500, 3_000, 13_000] as const;
const diskMs = 5_000;

type Harm =
  | { readonly what: 'kill'; readonly process: Process }
  | { readonly what: 'freeze'; readonly process: Process; readonly ms: number }
  | { readonly what: 'move the leaders of'; readonly topic: string }
  | { readonly what: DiskHarm };

/** What is done to a system in one round: each process is killed or frozen, in an order of the round. */
export const harmsOf = (random: () => number): readonly Harm[] => {
  const ends = processes.map((process): Harm =>
    random() < 0.5
      ? { what: 'kill', process }
      : { what: 'freeze', process, ms: pick(random, freezesMs) },
  );
  const disks = diskHarms.map((what): Harm => ({ what }));
  const moved: Harm = { what: 'move the leaders of', topic: pick(random, topics) };
  return shuffled(random, [...ends, ...disks, moved]);
};

export const describeHarm = (harm: Harm): string => {
  if (harm.what === 'freeze') return `freeze ${harm.process} ${harm.ms} ms`;
  if (harm.what === 'kill') return `kill ${harm.process}`;
  return 'topic' in harm ? `${harm.what} ${harm.topic}` : harm.what;
};

/** Where the processes are that can be harmed. */
export interface Victims {
  readonly voltrace: Voltrace;
  readonly disks: Disks;
  readonly cluster: KafkaCluster;
  /** Pids of the running processes of an app; to kill, only those that somebody starts again. */
  pidsOf(app: App, isKilled: boolean): readonly number[];
}

/** Does it, and waits until what was frozen is awake and what was killed by us is started again. False: nobody was there. */
export const doHarm = async (
  harm: Harm,
  victims: Victims,
  random: () => number,
): Promise<boolean> => {
  if ('topic' in harm) await victims.cluster.moveLeaders(harm.topic);
  else if (!('process' in harm)) await victims.disks.harm(harm.what, victims.voltrace, diskMs);
  else {
    const frozenMs = harm.what === 'freeze' ? harm.ms : undefined;
    if (harm.process !== 'kafka') return harmApp(harm.process, frozenMs, victims, random);
    await harmBroker(await aLeader(victims.cluster, random), frozenMs);
  }
  return true;
};

const harmApp = async (
  app: App,
  frozenMs: number | undefined,
  victims: Victims,
  random: () => number,
): Promise<boolean> => {
  const pids = victims.pidsOf(app, frozenMs === undefined);
  if (pids.length === 0) return false;
  const pid = pick(random, pids);
  if (frozenMs === undefined) return signal(pid, 'SIGKILL');
  if (!signal(pid, 'SIGSTOP')) return false;
  await sleep(frozenMs);
  signal(pid, 'SIGCONT');
  return true;
};

const aLeader = async (cluster: KafkaCluster, random: () => number): Promise<KafkaBroker> => {
  const partitions = [...(await cluster.replicasOf(facts)).keys()];
  return cluster.leaderOf(facts, pick(random, partitions));
};

const harmBroker = async (broker: KafkaBroker, frozenMs: number | undefined): Promise<void> => {
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
