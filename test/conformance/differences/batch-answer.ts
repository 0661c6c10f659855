import shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { batch, batchAppend, batchOptions, detailOf, proposed, withRaw } from '../raw.js';
import type { Store } from '../store.js';
import { newStream } from '../support.js';
import { NO_ANSWER } from './difference.js';

/** How long a store that answers nothing is waited for, once it could have. */
export const GRACE_MS = 3_000;

/** What a batch append is answered that another one follows in the same call. */
export const batchAnswer = async (store: Store, request: streams.BatchAppendReq): Promise<string> =>
  withRaw(store, async (raw) => {
    const options = batchOptions(newStream()).setAny(new shared.Empty());
    const next = batch({ options, messages: [proposed()] });
    const answers = await batchAppend(raw, [request, next], { surplusMs: GRACE_MS });
    const id = request.getCorrelationId()?.getString();
    const answer = answers.find((each) => each.getCorrelationId()?.getString() === id);
    if (answer === undefined) return NO_ANSWER;
    return detailOf(answer)?.replace(/.*\./, '') ?? 'written';
  });
