import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';

/** Tells answers without an end of their own, such as the live feed, that the process is about to. */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown {
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  beforeApplicationShutdown(): void {
    this.controller.abort();
  }
}
