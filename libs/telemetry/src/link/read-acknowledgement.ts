import { Type } from 'typebox';

import { ajv, asFieldError } from '#device-link/schema-check.js';
import type { FieldError } from '#kernel/refusal.js';
import { choice, closed } from '#kernel/schema.js';

import type { Configuration } from '../configuration/configuration-hash.js';

/** What a device answers to the configuration that it was sent. */
export type Acknowledgement =
  | {
      readonly status: 'applied';
      /** Absent: of no version that it was sent, such as one that was set on the spot. */
      readonly version?: number;
      /** What it runs with; absent: what this version says. */
      readonly configuration?: Configuration;
    }
  | { readonly status: 'refused'; readonly version: number; readonly reason: string };

const body = closed({
  type: choice(['configuration'], 'What is acknowledged.'),
  status: choice(['applied', 'refused'], 'Whether the device took it over.'),
  version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
  configuration: Type.Optional(
    Type.Unsafe<Configuration>({ type: 'object', additionalProperties: true }),
  ),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
});

interface Body {
  readonly type: 'configuration';
  readonly status: 'applied' | 'refused';
  readonly version?: number;
  readonly configuration?: Configuration;
  readonly reason?: string;
}
const check = ajv.compile<Body>(body);

/** The acknowledgement in the body of a message, or what is wrong with it. */
export const readAcknowledgement = (given: unknown): Acknowledgement | readonly FieldError[] => {
  const type = (given as { type?: unknown } | null)?.type;
  if (typeof type === 'string' && type !== 'configuration') {
    return wrong('/type', 'expected configuration: nothing else is acknowledged yet');
  }
  if (!check(given)) return (check.errors ?? []).map(asFieldError);
  const { status, version, configuration, reason } = given;
  if (status === 'applied') {
    if (version === undefined && configuration === undefined)
      return wrong(
        '/version',
        'expected the version, or the configuration that the device runs with',
      );
    return {
      ...{ status, ...(version !== undefined && { version }) },
      ...(configuration && { configuration }),
    };
  }
  if (version === undefined) return wrong('/version', 'expected the version that is refused');
  if (reason === undefined) return wrong('/reason', 'expected what is wrong with it');
  return { status, version, reason };
};

const wrong = (pointer: string, reason: string): readonly FieldError[] => [{ pointer, reason }];
