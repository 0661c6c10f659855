import { assignCodesProcess } from '#product-registry/assign-codes.process.js';
import type { DeclaredProcess } from '#subscription/process.js';

/** Every process that follows the log. `apps/consumers` runs them, the API shows them to operators. */
export const processes: readonly DeclaredProcess[] = [assignCodesProcess];
