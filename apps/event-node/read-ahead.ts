import type { LogPage, LogReader } from './read-log.js';

/** Pages of the whole log, forwards; the next one is fetched while the last one is written out. */
export class ReadAhead {
  private ahead: { readonly from: bigint; readonly page: Promise<LogPage> } | undefined;

  constructor(private readonly reader: LogReader) {}

  /** Up to `limit` events from a position on; `more` says that the page after it will be asked for. */
  async page(from: bigint, limit: number, more: boolean): Promise<LogPage> {
    const { ahead } = this;
    this.ahead = undefined;
    const page = await (ahead?.from === from ? ahead.page : this.reader.allForwards(from, limit));
    const end = page.events.at(-1)?.position;
    if (more && !page.complete && end !== undefined) this.fetch(end + 1n, limit);
    return page;
  }

  private fetch(from: bigint, limit: number): void {
    const page = this.reader.allForwards(from, limit);
    // Whoever asks for it meets the failure.
    page.catch(() => undefined);
    this.ahead = { from, page };
  }
}
