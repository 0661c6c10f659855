import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  MaxLength,
} from 'class-validator';

import { MayBeMissing } from '#http/validation.js';

import { IsDay, IsPlainText, IsTextRecord, maxNameLength, ReasonedBody } from '../bodies.http.js';
import type { ElementInputs } from '../read-elements.js';
import { type ProductType, productTypes } from './events.js';

const elementsSchema: ApiPropertyOptions = {
  type: 'object',
  description:
    'Orange Button element name to value and unit. Decimals are strings, kept as written.',
  additionalProperties: {
    type: 'object',
    properties: {
      value: { description: 'Text, a decimal as text, or a list of {percent, inverter}.' },
      unit: { type: 'string' },
      state: { type: 'string', enum: ['submitted', 'notSubmitted', 'unparsed'] },
    },
  },
  example: { EnergyCapacityNominal: { value: '5.12', unit: 'kWh' } },
};

export class RegisterProductBody extends ReasonedBody {
  @ApiProperty({ enum: productTypes, example: 'ProdBattery' })
  @IsIn(productTypes, { message: `expected one of ${productTypes.join(', ')}` })
  type!: ProductType;

  @ApiProperty({
    description: 'Id or name of a registered manufacturer.',
    example: 'Juniper Hill Storage',
    maxLength: maxNameLength,
  })
  @IsPlainText(maxNameLength)
  manufacturer!: string;

  @ApiProperty({ example: 'JH-20.48/A', maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  model!: string;

  @ApiPropertyOptional(elementsSchema)
  @MayBeMissing()
  @IsObject({ message: 'expected an object of elements by name' })
  elements?: ElementInputs;
}

export class SetElementsBody extends ReasonedBody {
  @ApiProperty(elementsSchema)
  @IsObject({ message: 'expected an object of elements by name' })
  elements!: ElementInputs;
}

export class WithdrawElementsBody extends ReasonedBody {
  @ApiProperty({
    example: ['EnergyCapacityNominal'],
    isArray: true,
    type: String,
    maxItems: 100,
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @MaxLength(100, { each: true, message: 'expected names of elements' })
  names!: string[];
}

export class RecordCertificationBody extends ReasonedBody {
  @ApiProperty({ example: 'CSA Group', maxLength: maxNameLength })
  @IsPlainText(maxNameLength)
  agency!: string;

  @ApiProperty({ example: 'UL1973' })
  @Matches(/^[A-Z][A-Za-z0-9 ._/-]{0,49}$/, {
    message: 'expected the name of a standard such as UL1973, up to 50 characters',
  })
  standard!: string;

  @ApiPropertyOptional({ example: 'Ed. 3 : 2022', maxLength: 100, nullable: true, type: String })
  @IsOptional()
  @IsPlainText(100)
  edition?: string | null;

  @ApiPropertyOptional({
    example: '2025-12-29',
    format: 'date',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @IsDay()
  certificateDate?: string | null;

  @ApiPropertyOptional({ description: 'Id of the certification that this one replaces.' })
  @MayBeMissing()
  @IsUUID('all', { message: 'expected the id of a certification' })
  supersedes?: string;
}

export class SupersedeCertificationBody extends ReasonedBody {
  @ApiProperty({ format: 'uuid', example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000003' })
  @IsUUID('all', { message: 'expected the id of a certification' })
  certificationId!: string;

  @ApiProperty({
    description: 'Id of the certification that replaces it.',
    format: 'uuid',
    example: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004',
  })
  @IsUUID('all', { message: 'expected the id of a certification' })
  by!: string;
}

export class WithdrawListingBody extends ReasonedBody {
  @ApiProperty({ example: 'CEC', maxLength: 100 })
  @IsPlainText(100)
  agency!: string;
}

export class PublishListingBody extends WithdrawListingBody {
  @ApiPropertyOptional({
    example: '2025-02-11',
    format: 'date',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @IsDay()
  listingDate?: string | null;

  @ApiPropertyOptional({
    example: '2026-02-02',
    format: 'date',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @IsDay()
  lastUpdate?: string | null;

  @ApiPropertyOptional({
    example: 'JA12 declared',
    maxLength: 2000,
    nullable: true,
    type: String,
  })
  @IsOptional()
  @IsPlainText(2_000)
  notes?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { 'Declaration for JA12 Submitted': 'N' },
  })
  @MayBeMissing()
  @IsTextRecord(50, 2_000)
  remarks?: Record<string, string>;
}
