export interface ReplicationSettings {
  /** Copies of each record; -1: three, or as many as the cluster has brokers where these are fewer. */
  readonly KAFKA_REPLICATION_FACTOR: number;
  /** Copies that must hold a record before it is acknowledged; -1: one less than there are, but at least one. */
  readonly KAFKA_MIN_INSYNC_REPLICAS: number;
}

export interface Replication {
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
}

const wantedCopies = 3;

/**
 * How the topics that we make are kept on a cluster of so many brokers.
 *
 * With three copies of which two must have a record, one broker may fail: what was acknowledged is on
 * another, and publishing goes on. The cluster's own defaults are one copy and one acknowledgement.
 */
export const replicationOn = (brokers: number, settings: ReplicationSettings): Replication => {
  const { KAFKA_REPLICATION_FACTOR: factor, KAFKA_MIN_INSYNC_REPLICAS: insync } = settings;
  const replicationFactor = factor > 0 ? factor : Math.max(1, Math.min(wantedCopies, brokers));
  const minInsyncReplicas = insync > 0 ? insync : Math.max(1, replicationFactor - 1);
  return { replicationFactor, minInsyncReplicas };
};
