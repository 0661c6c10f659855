import { ApiProperty } from '@nestjs/swagger';

/** What is wrong with a message, as answers show it. */
export class QuarantineProblem {
  @ApiProperty({ description: 'JSON pointer to what is wrong; empty for the whole.' })
  pointer!: string;
  @ApiProperty({ description: 'What was expected.' }) reason!: string;
}
