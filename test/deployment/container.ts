import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import type { AppProcess } from '#embedded/app-process.js';
import { freePort } from '#embedded/free-port.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot, projectRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

import { textOf } from './apps.js';
import { dockerfile } from './image-source.js';

const image = dockerfile.configOf(dockerfile.stagesOf(textOf('docker/Dockerfile')), 'voltrace');

/** What runs one of our apps: a service of the Compose file, or the container of a pod. */
export interface Container {
  readonly name: string;
  /** The first one picks the app. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders and files of this machine by their paths in the container. */
  readonly mounts: Readonly<Record<string, string>>;
}

interface Running {
  readonly app: AppProcess;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Containers as processes of this machine: started by the image's own entry point with its environment, where only what cannot be
 * the same is put in its place: folders, addresses of stores, and ports, since all of them share one network.
 */
export class Containers {
  private readonly processes = new AppProcesses();
  private readonly running = new Map<string, Running>();

  /** `addresses`: where a host and port of theirs is here. Keeps the programs of the image in `folder`. */
  constructor(
    private readonly folder: string,
    private readonly addresses: Readonly<Record<string, string>>,
  ) {
    mkdirSync(join(folder, 'docker'), { recursive: true });
    for (const name of ['entrypoint.mjs', 'healthcheck.mjs'])
      copyFileSync(join(projectRoot, 'docker', name), join(folder, 'docker', name));
    symlinkSync(compiledRoot, join(folder, 'dist'));
  }

  /** Starts it; resolves at once. */
  async start(
    container: Container,
    more: Readonly<Record<string, string>> = {},
  ): Promise<AppProcess> {
    const ports = {
      ...{ PORT: String(await freePort()), HEALTH_PORT: String(await freePort()) },
      ...(container.words[0] === 'mqtt-broker' && { MQTT_PORT: String(await freePort()) }),
    };
    const own = Object.entries({ ...image.env, ...container.env }).map(
      ([name, value]) => [name, this.here(value, container.mounts)] as const,
    );
    // Nobody but this machine is to reach them.
    const hosts = { HOST: '127.0.0.1', HEALTH_HOST: '127.0.0.1', MQTT_HOST: '127.0.0.1' };
    const env = { ...Object.fromEntries(own), ...hosts, ...ports, ...more };
    const words = container.words.map((word) => this.here(word, container.mounts));
    const app = this.processes.start(join(this.folder, 'docker', 'entrypoint.mjs'), env, words);
    this.running.set(container.name, { app, env });
    return app;
  }

  /** Whether the health check of the image says so, as Docker asks it. */
  async isHealthy(name: string): Promise<boolean> {
    const { env } = this.of(name);
    const script = join(this.folder, 'docker', 'healthcheck.mjs');
    const { code } = await this.processes.start(script, env).ended;
    return code === 0;
  }

  /** Resolves when it is healthy; rejects with its last lines where it ends instead. */
  async healthy(name: string): Promise<void> {
    const { app } = this.of(name);
    await until(
      () => `${name} is healthy\n${app.output}`,
      async () => {
        if (!app.isRunning) throw new Error(`${name} ended:\n${app.output}`);
        return this.isHealthy(name);
      },
    );
  }

  /** Asks the API, as who holds the key. Rejects where it refuses. */
  async ask(key: string, path: string, json?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.urlOf('api')}/v1${path}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(json && { method: 'POST', body: JSON.stringify(json) }),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  }

  urlOf(name: string): string {
    return `http://127.0.0.1:${this.of(name).env['PORT'] ?? ''}`;
  }

  /** A metric page, as Prometheus reads it. */
  async metricsOf(name: string, key: string): Promise<string> {
    const { env } = this.of(name);
    const port = name === 'api' ? env['PORT'] : env['HEALTH_PORT'];
    const answer = await fetch(`http://127.0.0.1:${port ?? ''}/metrics`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return answer.text();
  }

  get names(): readonly string[] {
    return [...this.running.keys()];
  }

  /** Asks each to stop; the names of those that did not end with 0. */
  async stop(): Promise<readonly string[]> {
    const ends = [...this.running].map(async ([name, { app }]) => {
      if (!app.isRunning) return undefined;
      app.signal('SIGTERM');
      const { code } = await app.ended;
      return code === 0 ? undefined : `${name}: ${String(code)}`;
    });
    return (await Promise.all(ends)).filter((name) => name !== undefined);
  }

  kill(): Promise<void> {
    return this.processes.kill();
  }

  private of(name: string): Running {
    const found = this.running.get(name);
    if (!found) throw new Error(`${name} was not started`);
    return found;
  }

  /** A path or an address of the container, as it is here. */
  private here(text: string, mounts: Container['mounts']): string {
    for (const [path, folder] of Object.entries(mounts)) {
      const [, before, after] = new RegExp(`^(|--[a-z-]+=)${path}(|/.*)$`).exec(text) ?? [];
      if (before !== undefined && after !== undefined) return `${before}${folder}${after}`;
    }
    return Object.entries(this.addresses).reduce((now, [from, to]) => now.replace(from, to), text);
  }
}
