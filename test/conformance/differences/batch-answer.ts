import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { anyBatch, batchAppend, detailOf, withRaw } from '../raw.js';
import type { Store } from '../store.js';
import { NO_ANSWER } from './difference.js';

/** How long a store that answers nothing is waited for, once it could have. */
export const GRACE_MS = 3_000;

/** What a batch append is answered that another one follows in the same call. */
export const batchAnswer = async (store: Store, request: streams.BatchAppendReq): Promise<string> =>
  withRaw(store, async (raw) => {
    const answers = await batchAppend(raw, [request, anyBatch()], { surplusMs: GRACE_MS });
    const id = request.getCorrelationId()?.getString();
    const answer = answers.find((each) => each.getCorrelationId()?.getString() === id);
    if (answer === undefined) return NO_ANSWER;
    return nameOf(answer);
  });

/** What a batch append is answered, by the name of the refusal. */
export const nameOf = (answer: streams.BatchAppendResp | undefined): string =>
  detailOf(answer)?.replace(/.*\./, '') ?? 'written';
