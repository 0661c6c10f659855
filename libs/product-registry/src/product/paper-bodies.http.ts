import { DayField, IdField, PatternField, TextField, TextRecordField } from '#http/body-fields.js';
import { ReasonedBody } from '#http/command-route.js';

import { maxNameLength } from '../codes.js';

// Bodies of commands on certifications and listings.

export class RecordCertificationBody extends ReasonedBody {
  @TextField(maxNameLength, { example: 'CSA Group' })
  agency!: string;

  @PatternField(
    /^[A-Z][A-Za-z0-9 ._/-]{0,49}$/,
    'the name of a standard such as UL1973, up to 50 characters',
    { example: 'UL1973' },
  )
  standard!: string;

  @TextField(100, { nullable: true, example: 'Ed. 3 : 2022' })
  edition?: string | null;

  @DayField({ nullable: true, example: '2025-12-29' })
  certificateDate?: string | null;

  @IdField('the id of a certification', {
    optional: true,
    description: 'Id of the certification that this one replaces.',
  })
  supersedes?: string;
}

export class SupersedeCertificationBody extends ReasonedBody {
  @IdField('the id of a certification', { example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000003' })
  certificationId!: string;

  @IdField('the id of a certification', {
    description: 'Id of the certification that replaces it.',
    example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004',
  })
  by!: string;
}

export class WithdrawListingBody extends ReasonedBody {
  @TextField(100, { example: 'CEC' })
  agency!: string;
}

export class PublishListingBody extends WithdrawListingBody {
  @DayField({ nullable: true, example: '2025-02-11' })
  listingDate?: string | null;

  @DayField({ nullable: true, example: '2026-02-02' })
  lastUpdate?: string | null;

  @TextField(2000, { nullable: true, example: 'JA12 declared' })
  notes?: string | null;

  @TextRecordField(50, 2000, {
    optional: true,
    example: { 'Declaration for JA12 Submitted': 'N' },
  })
  remarks?: Record<string, string>;
}
