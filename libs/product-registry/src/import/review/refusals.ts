import { Refusal } from '#kernel/refusal.js';

// Why something was not decided. Each names its row or product in the answer, and holds up nothing else.

export const undecidable = (item: number | string) =>
  new Refusal(
    'REVIEW_UNDECIDABLE',
    'conflict',
    `${itemText(item)} needs a correction of the list or of the registry: there is nothing to accept; reject leaves it as it is`,
  );

export const notOpen = (item: number | string) =>
  new Refusal('REVIEW_NOT_OPEN', 'conflict', `${itemText(item)} does not wait for a decision`);

export const rowUnknown = (row: number) =>
  new Refusal('ROW_UNKNOWN', 'not-found', `the import has no row ${String(row)} that was done`);

export const absenceUnknown = (productId: string) =>
  new Refusal(
    'ABSENCE_UNKNOWN',
    'not-found',
    `the import did not find that the list no longer names the product ${productId}`,
  );

export const notFinished = (status: string) =>
  new Refusal(
    'IMPORT_NOT_FINISHED',
    'conflict',
    `the import is ${status}: what waits can be decided when it has ended`,
  );

const itemText = (item: number | string): string =>
  typeof item === 'number' ? `row ${String(item)}` : `the product ${item}`;
