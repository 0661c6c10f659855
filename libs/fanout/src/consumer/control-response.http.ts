import { ApiProperty } from '@nestjs/swagger';

/** What was asked of a consumer is recorded. */
export class ControlRequestedResponse {
  @ApiProperty({ description: 'The consumer.' }) id!: string;
  @ApiProperty({ description: 'Carried out when `control.revision` of the consumer reaches it.' })
  revision!: number;
  @ApiProperty() position!: string;
}
