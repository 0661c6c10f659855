/** Trying again is no use: the message tells a person what to do. */
export class NeedsOperator extends Error {
  override readonly name = 'NeedsOperator';
}
