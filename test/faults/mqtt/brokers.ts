import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AppProcess } from '#embedded/app-process.js';
import { writePrivateFile } from '#embedded/files.js';
import { newDeviceSecret, verifierOf } from '#telemetry/credential/verifier.js';
import { type PartOptions, startBridge } from '#test/support/parts.js';
import type { Voltrace } from '#test/support/voltrace.js';
import { Mosquitto, mosquittosFolder } from '#testing/mosquitto.js';

/** What devices connect to, and what between it and the log can be killed. */
export interface Broker {
  readonly url: string;
  readonly victims: readonly string[];
  /** Kills it as `kill -9` does; somebody starts it again. False: it is not there now. */
  kill(victim: string): Promise<boolean>;
  remove(): Promise<void>;
}

const stores = ['event-node', 'projector'];

const killChild = (voltrace: Voltrace, name: string): boolean => {
  const child = voltrace.children().find((one) => one.name === name);
  return child !== undefined && process.kill(child.pid, 'SIGKILL');
};

/** The one that is part of a Voltrace. */
export const embeddedBroker = (voltrace: Voltrace, port: number): Broker => ({
  url: `mqtt://127.0.0.1:${port}`,
  victims: ['mqtt-broker', ...stores],
  kill: (victim) => Promise.resolve(killChild(voltrace, victim)),
  remove: () => Promise.resolve(),
});

/** Mosquitto with the files of the product, and two bridges, of which one stands by. */
export const mosquittoBroker = async (
  voltrace: Voltrace,
  parts: PartOptions,
  name: string,
): Promise<Broker> => {
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-mosquitto-'));
  chmodSync(folder, 0o711);
  const files = join(folder, 'files');
  mosquittosFolder(files);
  const secret = newDeviceSecret();
  const { body } = await voltrace.api.persist(`/v1/device-credentials/broker-files?bridge=${name}`);
  const owner = process.getuid?.() === 0 ? statSync(files) : undefined;
  const passwords = `${name}:${verifierOf(secret)}\n${String(body['passwords'])}`;
  writePrivateFile(join(files, 'passwords'), passwords, owner);
  writePrivateFile(join(files, 'acl'), String(body['acl']), owner);
  const credentials = join(folder, 'credentials');
  writePrivateFile(credentials, `${name}\n${secret}\n`);
  const mosquitto = await Mosquitto.start(folder, [
    ...['allow_anonymous false', `password_file ${join(files, 'passwords')}`],
    `acl_file ${join(files, 'acl')}`,
  ]);
  const start = (): Promise<AppProcess> =>
    startBridge({ ...parts, mqtt: { url: mosquitto.url, credentials, clientId: name } });
  const bridges = [await start(), await start()];
  return {
    url: mosquitto.url,
    victims: ['bridge', 'mosquitto', ...stores],
    kill: async (victim) => {
      if (victim === 'mosquitto') {
        await mosquitto.kill();
        await mosquitto.restart();
        return true;
      }
      if (victim !== 'bridge') return killChild(voltrace, victim);
      const [bridge] = bridges.splice(0, 1);
      bridge?.signal('SIGKILL');
      bridges.push(await start());
      return true;
    },
    remove: async () => {
      await Promise.all(bridges.map((bridge) => bridge.stop()));
      await mosquitto.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
