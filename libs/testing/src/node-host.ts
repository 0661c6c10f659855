// A process that serves event nodes, for tests that need many and kill none: the parent asks for them.
import { eventNode } from '#apps/event-node/event-node.js';
import { Logger } from '#observability/logging.js';
import { readEnvironment } from '#process/config.js';
import { ProcessContext } from '#process/process-context.js';

/** `start` with the environment of a node, or `stop` of the one that was started under the same id. */
export interface HostRequest {
  readonly id: number;
  readonly start?: NodeJS.ProcessEnv;
}

export interface HostAnswer {
  readonly id: number;
  readonly error?: string;
}

const nodes = new Map<number, ProcessContext>();

const start = async (id: number, env: NodeJS.ProcessEnv): Promise<HostAnswer> => {
  const context = new ProcessContext('event-node', Logger.create({ app: 'event-node' }));
  nodes.set(id, context);
  await eventNode.start(context, readEnvironment(eventNode.environment, env));
  return { id };
};

const stop = async (id: number): Promise<HostAnswer> => {
  await nodes.get(id)?.stop();
  nodes.delete(id);
  return { id };
};

process.on('message', ({ id, start: env }: HostRequest) => {
  (env ? start(id, env) : stop(id))
    .catch((error: unknown): HostAnswer => ({ id, error: String(error) }))
    .then((answer) => process.send?.(answer))
    .catch(() => process.exit(1));
});
const stays = process.argv[2] === 'stays';
process.on('disconnect', () => {
  if (!stays) process.exit();
});
