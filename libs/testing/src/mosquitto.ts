import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { freePort } from '#embedded/free-port.js';

import { until } from './until.js';

/** Debian has it where the path of many users does not lead. */
const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
const env = { PATH: path };

export const mosquittoIsThere = spawnSync('mosquitto', ['-h'], { env }).error === undefined;

/** Its own user; the package of Debian makes it. Undefined where we could not become another user. */
const idOf = (flag: '-u' | '-g'): number => {
  const { status, stdout } = spawnSync('id', [flag, 'mosquitto'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : userInfo()[flag === '-u' ? 'uid' : 'gid'];
};

/** Mosquitto as its package runs it: as its own user where we are root, and with its sessions on disk. */
export class Mosquitto {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** A new one; `settings` are lines of its configuration. Keeps what it keeps in `folder`, which others may pass through. */
  static async start(folder: string, settings: readonly string[]): Promise<Mosquitto> {
    const data = join(folder, 'data');
    mosquittosFolder(data);
    return Mosquitto.withFile(folder, (listener) => [
      listener,
      ...['persistence true', `persistence_location ${data}/`],
      // What it acknowledged and did not write yet is lost with it.
      ...['autosave_on_changes true', 'autosave_interval 1'],
      // Without a limit (0), Mosquitto 2.0 ends the connection of who publishes what it may not.
      ...['max_inflight_messages 1000', 'max_queued_messages 1000000'],
      ...settings,
    ]);
  }

  /** A new one with these lines; `listener` is the one that has it listen. */
  static async withFile(
    folder: string,
    lines: (listener: string) => readonly string[],
  ): Promise<Mosquitto> {
    const mosquitto = new Mosquitto(folder, await freePort());
    const text = lines(`listener ${String(mosquitto.port)} 127.0.0.1`).join('\n');
    writeFileSync(mosquitto.file, `${text}\n`);
    await mosquitto.restart();
    return mosquitto;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${String(this.port)}`;
  }

  private get file(): string {
    return join(this.folder, 'mosquitto.conf');
  }

  /** Resolves when it listens. It is not running, or was killed. */
  async restart(): Promise<void> {
    const child = spawn('mosquitto', ['-c', this.file], { stdio: 'ignore', env });
    this.child = child;
    await until('Mosquitto listens', async () => {
      if (child.exitCode !== null) throw new Error(`Mosquitto ended with ${child.exitCode}`);
      return this.isListening();
    });
  }

  /** SIGHUP has it read passwords and access list again. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  private isListening(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
  }
}

/** A folder that belongs to the user that Mosquitto becomes, as an administrator would make it. */
export const mosquittosFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  if (process.getuid?.() === 0) chownSync(folder, idOf('-u'), idOf('-g'));
};
