import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Command } from 'commander';

import { createPrivateFile, writePrivateFile } from '#embedded/files.js';
import { newDeviceSecret, verifierOf } from '#telemetry/credential/verifier.js';

import { contextOf } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { write } from '../output.js';

interface BrokerFilesOptions {
  readonly out: string;
  readonly bridgeCredentials?: string;
  readonly olderPrefix?: string;
}

const bridgeUser = 'voltrace-bridge';

/** Adds the command that writes what Mosquitto reads of devices, and of the bridge. */
export function addBrokerFiles(devices: Command): void {
  devices
    .command('broker-files')
    .description('write what Mosquitto is configured with: who may connect, and with which topics')
    .requiredOption(
      '--out <folder>',
      'gets `passwords` and `acl`, which the owner of the folder alone can read',
    )
    .option(
      '--bridge-credentials <file>',
      'MQTT_CREDENTIALS_FILE of the bridge, which may connect, too; made where there is none',
    )
    .option('--older-prefix <prefix>', 'MQTT_OLDER_PREFIX of the bridge, where it has one')
    .action(async (options: BrokerFilesOptions, command: Command) => {
      const { api } = contextOf(command);
      const { out, bridgeCredentials: file, olderPrefix } = options;
      const bridge = file === undefined ? undefined : bridgeOf(file);
      const files = await api.get<Record<'passwords' | 'acl', string>>(
        '/v1/device-credentials/broker-files',
        { bridge: bridge?.user, olderPrefix },
      );
      const own = bridge ? `${bridge.user}:${verifierOf(bridge.password)}\n` : '';
      attempt(out, () => {
        mkdirSync(out, { recursive: true, mode: 0o700 });
        // Mosquitto reads them again while it runs, as its own user: they are never half written, and stay readable.
        const owner = process.getuid?.() === 0 ? statSync(out) : undefined;
        writePrivateFile(join(out, 'passwords'), own + files.passwords, owner);
        writePrivateFile(join(out, 'acl'), files.acl, owner);
      });
      await write(`${join(out, 'passwords')} and ${join(out, 'acl')} are written.\n`);
    });
}

const bridgeOf = (file: string): { readonly user: string; readonly password: string } => {
  if (!existsSync(file)) {
    attempt(file, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      createPrivateFile(file, `${bridgeUser}\n${newDeviceSecret()}\n`);
    });
  }
  const [user = '', password = ''] = readFileSync(file, 'utf8').split(/\r?\n/);
  if (user !== '' && password !== '') return { user, password };
  throw usage(`${file} holds no user name in its first line and password in its second one.`);
};

const attempt = (path: string, writing: () => void): void => {
  try {
    writing();
  } catch (error) {
    const message = `${path} cannot be written: ${(error as Error).message}`;
    throw new CommandFailure(message, exitCodes.failed);
  }
};
