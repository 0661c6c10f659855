import { expect, it } from 'vitest';

import { programErrors } from './validate.js';

it('refuses unknown members, however many come before what else is wrong', () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x${String(at)}`, 0]));
  const steps = [{ do: 'rest', until: [many, null] }];
  expect(programErrors({ steps })[0]).toEqual({
    ...{ pointer: '/steps/0/until/0/x0', reason: 'is not known here' },
  });
});
