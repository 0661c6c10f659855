import { commandMeta } from '#testing/decider-spec.js';

import * as commands from './commands.js';

const meta = commandMeta({ reason: 'the maker renamed itself' });

const manufacturerId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000002';
const other = '0d4b3a4e-5a0c-5f5b-8a5c-000000000005';

/** One valid example of each command. */
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
