import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from '#embedded/free-port.js';

import { until } from '../until.js';
import { type KafkaBroker, startKafkaBroker } from './broker.js';
import { newClusterId } from './data-folder.js';
import { withAdmin } from './topics.js';

const nodeIds = [1, 2, 3] as const;

/** Who has a copy of a partition. */
interface Replicas {
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** Three brokers on this machine. One of them may be away: what two have is acknowledged, and goes on. */
export class KafkaCluster {
  private constructor(
    private readonly folder: string,
    readonly members: readonly KafkaBroker[],
  ) {}

  /** In a new folder. Resolves when each of them is usable. */
  static async start(folder: string): Promise<KafkaCluster> {
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
    const cluster = new KafkaCluster(folder, members);
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return cluster;
    await cluster.dispose();
    throw failed.reason;
  }

  /** For a client's list of brokers and for `KAFKA_BROKERS`. */
  get brokers(): string {
    return this.members.map(({ brokers }) => brokers).join(',');
  }

  /** By partition. */
  async replicasOf(topic: string): Promise<ReadonlyMap<number, Replicas>> {
    const { topics } = await withAdmin(this.brokers, (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    return new Map(topics[0]?.partitions.map((each) => [each.partitionId, each]));
  }

  /** The member that leads a partition now. */
  async leaderOf(topic: string, partition: number): Promise<KafkaBroker> {
    const leader = (await this.replicasOf(topic)).get(partition)?.leader;
    const member = this.members.find(({ nodeId }) => nodeId === leader);
    if (!member) throw new Error(`nobody leads partition ${partition} of ${topic}`);
    return member;
  }

  /**
   * Makes another member the leader of each partition: takes the copy from the one that leads, which
   * hands over what it leads, and gives it back as a follower.
   */
  async moveLeaders(topic: string): Promise<void> {
    const before = [...(await this.replicasOf(topic))].map(([partition, { leader, replicas }]) => ({
      partition,
      leader,
      others: replicas.filter((id) => id !== leader),
    }));
    const taken = before.map(({ partition, others }) => ({ partition, replicas: others }));
    const given = before.map(({ partition, others, leader }) => ({
      partition,
      replicas: [...others, leader],
    }));
    await this.assign(topic, taken);
    await this.assign(topic, given);
  }

  /** Kills all of them and removes their data. */
  async dispose(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async assign(
    topic: string,
    partitionAssignment: { partition: number; replicas: number[] }[],
  ): Promise<void> {
    await withAdmin(this.brokers, (admin) =>
      admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }),
    );
    await until(`the copies of ${topic} are where they shall be`, async () => {
      const now = await this.replicasOf(topic);
      return partitionAssignment.every(({ partition, replicas }) => {
        const { isr = [], leader = -1 } = now.get(partition) ?? {};
        return replicas.length === isr.length && replicas.includes(leader);
      });
    });
  }
}
