import { randomUUID } from 'node:crypto';

import type { CommandResult } from '#event-log/handle-command.js';
import type { CommandMeta } from '#kernel/command.js';
import { newIdOf } from '#kernel/ids.js';
import { commandMeta } from '#testing/decider-spec.js';

import { type CodeWish, RegisterManufacturer } from '../manufacturer/commands.js';
import { registerManufacturer } from '../manufacturer/register-manufacturer.js';
import { RegisterProduct } from '../product/commands.js';
import { registerProduct } from '../product/register-product.js';
import type { ProductRegistry } from '../registry.js';

export const newMeta = (commandId: string = randomUUID()): CommandMeta =>
  commandMeta({ commandId, correlationId: randomUUID() });

/** An EntityCode that nobody has. */
export const uniqueCode = (): string => randomUUID().slice(0, 6).toUpperCase();

/** Registers a manufacturer; answers with its id. */
export const makeManufacturer = async (
  registry: ProductRegistry,
  name: string,
  code: CodeWish | null = { rule: 'derived' },
): Promise<string> => {
  const meta = newMeta();
  const id = newIdOf(meta.commandId);
  const data = { name, aliases: [], code };
  await registerManufacturer(registry, new RegisterManufacturer(id, data, meta));
  return id;
};

/** Two manufacturers of names of their own; answers with their ids. */
export const makeTwoManufacturers = async (
  registry: ProductRegistry,
): Promise<readonly [string, string]> => [
  await makeManufacturer(registry, uniqueName()),
  await makeManufacturer(registry, uniqueName()),
];

export interface MadeProduct {
  readonly id: string;
  readonly result: CommandResult;
}

/** Registers a battery; the same `commandId` is the same command. */
export const makeProduct = async (
  registry: ProductRegistry,
  manufacturer: string,
  model: string,
  commandId?: string,
): Promise<MadeProduct> => {
  const meta = newMeta(commandId);
  const id = newIdOf(meta.commandId);
  const data = { productType: 'ProdBattery', manufacturer, model, elements: {} } as const;
  return { id, result: await registerProduct(registry, new RegisterProduct(id, data, meta)) };
};

/** A name (or, shortened, a code) that no other test uses. */
export const uniqueName = (): string =>
  `${randomUUID().replaceAll('-', '').slice(0, 12)} Energy Inc.`;
