/**
 * When a call of many appends is over whose client sends no more: when all that was taken is answered.
 *
 * A real server counts a refusal as an answer to something that it took, and ends the call with the
 * first answer after the half-close that leaves its count at zero or more: answers that were due are
 * lost, and a call on which none comes does not end.
 */
export class CallEnd {
  private due = 0;
  private halfClosed = false;

  constructor(private readonly asServer: boolean) {}

  take(): void {
    this.due += 1;
  }

  /** `taken`: whether the answer is to something that was taken. Returns whether the call is over. */
  answered(taken: boolean): boolean {
    if (taken || this.asServer) this.due -= 1;
    return this.halfClosed && (this.asServer ? this.due >= 0 : taken && this.due === 0);
  }

  /** The client sends no more. Returns whether the call is over. */
  halfClose(): boolean {
    this.halfClosed = true;
    return !this.asServer && this.due === 0;
  }
}
