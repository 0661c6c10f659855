import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Admin } from 'kafkajs';

import { freePort } from '#embedded/free-port.js';

import { until } from '../until.js';
import { type KafkaBroker, startKafkaBroker } from './broker.js';
import { newClusterId } from './data-folder.js';

const nodeIds = [1, 2, 3] as const;

/** Three brokers on this machine. One of them may be away: what two have is acknowledged, and goes on. */
export interface KafkaCluster {
  readonly members: readonly KafkaBroker[];
  /** For a client's list of brokers and for `KAFKA_BROKERS`. */
  readonly brokers: string;
  /** The member that leads a partition now. */
  leaderOf(admin: Admin, topic: string, partition: number): Promise<KafkaBroker>;
  /** Kills all of them and removes their data. */
  dispose(): Promise<void>;
}

/** Starts them in a new folder. Resolves when each is usable. */
export const startKafkaCluster = async (folder: string): Promise<KafkaCluster> => {
  mkdirSync(folder);
  const clusterId = newClusterId();
  const controllers = new Map<number, number>();
  for (const id of nodeIds) controllers.set(id, await freePort());
  const starts = await Promise.allSettled(
    nodeIds.map((nodeId) =>
      startKafkaBroker({
        folder: join(folder, String(nodeId)),
        removeAfterwards: folder,
        member: { nodeId, clusterId, controllers },
      }),
    ),
  );
  const members = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const dispose = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed) {
    await dispose();
    throw failed.reason;
  }
  return {
    members,
    brokers: members.map(({ brokers }) => brokers).join(','),
    dispose,
    leaderOf: async (admin, topic, partition) => {
      const leader = (await replicasOf(admin, topic)).get(partition)?.leader;
      const member = members.find(({ nodeId }) => nodeId === leader);
      if (!member) throw new Error(`nobody leads partition ${partition} of ${topic}`);
      return member;
    },
  };
};

interface Replicas {
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** By partition, who has a copy of it. */
export const replicasOf = async (
  admin: Admin,
  topic: string,
): Promise<ReadonlyMap<number, Replicas>> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return new Map(topics[0]?.partitions.map((each) => [each.partitionId, each]));
};

/**
 * Moves the leader of each partition to another member: takes the copy from the one that leads, which
 * hands over what it leads, and gives it back as a follower.
 */
export const moveLeaders = async (admin: Admin, topic: string): Promise<void> => {
  const before = await replicasOf(admin, topic);
  const others = [...before].map(([partition, { leader, replicas }]) => ({
    partition,
    leader,
    replicas: replicas.filter((id) => id !== leader),
  }));
  const assign = async (partitionAssignment: typeof others): Promise<void> => {
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await until(`the copies of ${topic} are where they shall be`, async () => {
      const now = await replicasOf(admin, topic);
      return partitionAssignment.every(({ partition, replicas }) => {
        const { isr = [], leader } = now.get(partition) ?? {};
        return replicas.length === isr.length && replicas.includes(leader ?? -1);
      });
    });
  };
  await assign(others);
  await assign(others.map((each) => ({ ...each, replicas: [...each.replicas, each.leader] })));
};
