import type { CommandMeta } from '#kernel/command.js';

import * as commands from './commands.js';
import type { ManufacturerEvent } from './events.js';

// One valid example of each message, for tests, documents and seeds.

const meta: CommandMeta = {
  commandId: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c11',
  actor: { id: 'c1d9a3de-0000-4000-8000-000000000001', kind: 'user', roles: ['curator'] },
  source: 'http',
  occurredAt: '2026-02-12T09:30:00.000Z',
  correlationId: '6f1c7a52-58a5-4d0e-8a51-2f6d6a2f0c12',
  reason: 'the maker renamed itself',
};

const manufacturerId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000002';
const other = '0d4b3a4e-5a0c-5f5b-8a5c-000000000005';

export const manufacturerEventExamples: {
  readonly [T in ManufacturerEvent['type']]: Extract<ManufacturerEvent, { type: T }>;
} = {
  ManufacturerRegistered: {
    type: 'ManufacturerRegistered',
    data: { name: 'Discover Energy Corp.' },
  },
  ManufacturerAliasAdded: {
    type: 'ManufacturerAliasAdded',
    data: { alias: 'Discover Energy Systems Corp.' },
  },
  EntityCodeIssued: {
    type: 'EntityCodeIssued',
    data: { code: 'DISCE', previous: 'DISCO', rule: 'published' },
  },
  ManufacturerMerged: { type: 'ManufacturerMerged', data: { into: other } },
  ManufacturerAbsorbed: { type: 'ManufacturerAbsorbed', data: { manufacturerId: other } },
};

export const manufacturerCommandExamples: {
  readonly [T in commands.ManufacturerCommands['type']]: Extract<
    commands.ManufacturerCommands,
    { type: T }
  >;
} = {
  RegisterManufacturer: new commands.RegisterManufacturer(
    manufacturerId,
    { name: 'Discover Energy Corp.', aliases: [], code: { rule: 'derived' } },
    meta,
    { code: 'DISCO' },
  ),
  AddManufacturerAlias: new commands.AddManufacturerAlias(
    manufacturerId,
    { alias: 'Discover Energy Systems Corp.' },
    meta,
  ),
  IssueEntityCode: new commands.IssueEntityCode(
    manufacturerId,
    { rule: 'published', code: 'DISCE' },
    meta,
    { code: 'DISCE' },
  ),
  AbsorbManufacturer: new commands.AbsorbManufacturer(
    manufacturerId,
    { manufacturerId: other },
    meta,
  ),
  MergeManufacturer: new commands.MergeManufacturer(
    manufacturerId,
    { into: 'Discover Energy Systems Corp.' },
    meta,
    { into: other },
  ),
};
