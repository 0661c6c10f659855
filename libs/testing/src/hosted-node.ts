import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { guardServer } from '#embedded/server-process.js';

import { compiledRoot } from './build.js';
import { type EventNodeOptions, NodeAddress, nodeEnvironment, onFreePort } from './event-node.js';
import { inheritedEnv } from './inherited-env.js';
import type { HostAnswer, HostRequest } from './node-host.js';
import { runPid } from './run-folder.js';

type Ask = (request: HostRequest) => Promise<HostAnswer>;

let host: Ask | undefined;
let lastId = 0;

/** An event node in a process that this worker's other ones share: quick to start, and never killed alone. */
export class HostedNode extends NodeAddress {
  private constructor(
    port: number,
    private readonly id: number,
  ) {
    super(port);
  }

  /** Rejects with what the node said of its start. */
  static start(options: EventNodeOptions): Promise<HostedNode> {
    return onFreePort(options, async (port) => {
      const id = (lastId += 1);
      await asked({ id, start: nodeEnvironment(options, port) });
      return new HostedNode(port, id);
    });
  }

  /** As `start`, in a process that ends with the run, for tests of whichever worker. Nobody stops it. */
  static startForRun(options: EventNodeOptions): Promise<HostedNode> {
    const ofRun = startHost('stays');
    return onFreePort(options, async (port) => {
      await answerOf(ofRun, { id: port, start: nodeEnvironment(options, port) });
      return new HostedNode(port, port);
    });
  }

  async stop(): Promise<void> {
    await asked({ id: this.id });
  }

  /** Never: others live in its process. */
  kill(): Promise<void> {
    return Promise.reject(new Error(killed));
  }

  /** Never: what the end of a process takes along stays in this one. */
  restart(): Promise<void> {
    return Promise.reject(new Error(killed));
  }
}

const killed = 'a node that a test kills, stops or starts again is started with `startOwnNode`';

const asked = (request: HostRequest): Promise<HostAnswer> => {
  host ??= startHost();
  return answerOf(host, request);
};

const answerOf = async (ask: Ask, request: HostRequest): Promise<HostAnswer> => {
  const answer = await ask(request);
  if (answer.error !== undefined) throw new Error(`a hosted event node: ${answer.error}`);
  return answer;
};

/** One that stays does so when the worker that started it has ended, which the runner may end early. */
const startHost = (stays?: 'stays'): Ask => {
  const child = fork(join(compiledRoot, 'libs/testing/src/node-host.js'), stays ? [stays] : [], {
    env: inheritedEnv(),
    execArgv: ['--disable-warning=DEP0123'],
    // What stays would hold the worker's streams open.
    stdio: ['ignore', 'ignore', stays ? 'ignore' : 'inherit', 'ipc'],
    detached: true,
  });
  const waiting = new Map<number, (answer: HostAnswer) => void>();
  child.on('message', (answer: HostAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once('exit', () => {
    host = undefined;
    for (const [id, answered] of waiting) answered({ id, error: 'its process ended' });
  });
  unref(child);
  if (stays && child.pid !== undefined) guardServer(child.pid, { ownerPid: runPid() })?.unref();
  return (request) =>
    new Promise((resolve) => {
      waiting.set(request.id, resolve);
      child.send(request);
    });
};

/** The worker may end while it runs, which ends it unless it stays. */
const unref = (child: ChildProcess): void => {
  child.unref();
  child.channel?.unref();
};
