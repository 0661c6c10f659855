import {
  BooleanField,
  ChoiceField,
  IdField,
  InstantField,
  ObjectField,
  ObjectsField,
  PatternField,
  TextField,
} from '#http/body-fields.js';
import { OptionalReasonBody } from '#http/command-route.js';

import { type Field, fields } from '../file/fields.js';
import type { FileMapping } from '../file/mapping.js';

/** Files of one test: more are joined by whoever has them. */
const mostFiles = 100;
const dateOrders = ['dmy', 'mdy'] as const;
const dateOrderAbout = 'How dates such as 5/11/2021 are meant, where the file does not show it.';

class CyclerFileBody {
  @TextField(300, { description: 'As reports call it.', example: 'cell-33.csv' })
  name!: string;

  @PatternField(/^[0-9a-f]{64}$/, '64 hexadecimal digits in lower case', {
    description: 'SHA-256 of a file that was sent before.',
    example: '26c8ecca7266f3de841868b19f4872f43e6855f0113f7009de8f20b771bea4a4',
  })
  sha256!: string;
}

class MappedColumnBody {
  @TextField(300, { description: 'Title, with its unit or without.', example: 'Test Time' })
  column!: string;

  @ChoiceField(Object.keys(fields), { description: 'What it is.', example: 'testTime' })
  as!: Field;

  @TextField(40, {
    optional: true,
    description:
      'Where the title says none, such as mA or h; of a clock in numbers excel-days, matlab-days or unix-s.',
    example: 's',
  })
  unit?: string;

  @BooleanField({ optional: true, description: 'Whether a file may lack it.' })
  optional?: boolean;
}

class FileMappingBody implements FileMapping {
  @ObjectsField(MappedColumnBody, { min: 3, max: 50 }, {})
  columns!: MappedColumnBody[];

  @ChoiceField(dateOrders, { optional: true, description: dateOrderAbout })
  dateOrder?: 'dmy' | 'mdy';

  @BooleanField({ optional: true, description: 'Whether a positive current discharges.' })
  positiveDischarges?: boolean;
}

export class ImportExperimentBody extends OptionalReasonBody {
  @TextField(100, { example: 'Ageing of cell 33' })
  name!: string;

  @TextField(2_000, { nullable: true, description: 'What it was for.' })
  description?: string | null;

  @IdField('the id of a battery', { example: '3a8f1f36-5b0e-5a35-8c6b-7f6b5b6f9b01' })
  batteryId!: string;

  @ObjectsField(
    CyclerFileBody,
    { min: 1, max: mostFiles },
    { description: 'The files of one test of one cell, in any order.' },
  )
  files!: CyclerFileBody[];

  @TextField(100, {
    nullable: true,
    description: 'Time zone of the clock that the files show.',
    example: 'America/New_York',
  })
  zone?: string | null;

  @InstantField({
    nullable: true,
    example: '2026-05-04T11:00:00Z',
    description:
      'When the test time was zero: for files that do not say it, or whose clock was wrong.',
  })
  startedAt?: string | null;

  @ChoiceField(dateOrders, { nullable: true, description: dateOrderAbout })
  dateOrder?: 'dmy' | 'mdy' | null;

  @ChoiceField(['s', 'min', 'h'], {
    nullable: true,
    description: 'Unit of a test time that says none.',
  })
  timeUnit?: 's' | 'min' | 'h' | null;

  @ObjectField(FileMappingBody, 'an object with columns', {
    nullable: true,
    description: 'What the columns are, where the files are in no layout that is known.',
    example: {
      columns: [
        { column: 'Test Time / s', as: 'testTime' },
        { column: 'Voltage', as: 'voltage', unit: 'V' },
        { column: 'Current', as: 'current', unit: 'A' },
      ],
    },
  })
  mapping?: FileMappingBody | null;
}
