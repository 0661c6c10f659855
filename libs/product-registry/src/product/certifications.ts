import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import type { CertificationFact, RecordCertification, SupersedeCertification } from './commands.js';
import { completes, sameCertification } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEventOf } from './events.js';
import type { StandingCertification } from './standing.js';

type CertificationEvent = ProductEventOf<'CertificationRecorded' | 'CertificationSuperseded'>;

export const currentCertifications = ({
  certifications,
}: RegisteredProduct): readonly StandingCertification[] =>
  certifications.filter(({ supersededBy }) => supersededBy === null);

/** The id of a certification that a command records: the same command records the same one. */
export const certificationIdOf = (commandId: string, { standard }: CertificationFact): string =>
  contentIdOf('certification', commandId, standard);

/**
 * Records a certification. It supersedes the one that the command names, and earlier ones of the
 * same agency and standard: a newer certificate of one agency replaces its older one. One that is known
 * without its edition is completed. Certificates
 * of other agencies, and undated ones, stand beside it until somebody says otherwise.
 */
export const recordCertification = (
  { data: { supersedes, ...fact }, meta }: RecordCertification,
  state: RegisteredProduct,
): readonly CertificationEvent[] => {
  const current = currentCertifications(state);
  const same = current.find((one) => sameCertification(one, fact));
  const known = same ?? current.find((one) => completes(fact, one));
  const certificationId = known?.certificationId ?? certificationIdOf(meta.commandId, fact);
  const replaced = current.filter(
    (one) =>
      one.certificationId !== certificationId &&
      (one.certificationId === supersedes || isEarlier(one, fact)),
  );
  if (supersedes !== undefined) checkReplaceable(state, supersedes, certificationId, '/supersedes');
  return [
    ...(same
      ? []
      : [{ type: 'CertificationRecorded', data: { certificationId, ...fact } } as const]),
    ...replaced.map((one) => superseded(one.certificationId, certificationId)),
  ];
};

export const supersedeCertification = (
  { data: { certificationId, by } }: SupersedeCertification,
  state: RegisteredProduct,
): readonly CertificationEvent[] => {
  checkReplaceable(state, certificationId, by, '/certificationId');
  const replacing = known(state, by, '/by');
  const isDone = known(state, certificationId, '/certificationId').supersededBy === by;
  if (isDone) return [];
  if (replacing.supersededBy !== null) throw alreadySuperseded(replacing);
  return [superseded(certificationId, by)];
};

export const superseded = (
  certificationId: string,
  by: string,
  list?: string,
): ProductEventOf<'CertificationSuperseded'> => ({
  type: 'CertificationSuperseded',
  data: { certificationId, by, ...(list !== undefined && { list }) },
});

/** `pointer`: the field that names the certification to replace. */
const checkReplaceable = (
  state: RegisteredProduct,
  id: string,
  by: string,
  pointer: string,
): void => {
  const target = known(state, id, pointer);
  if (id === by) {
    throw new Refusal(
      'CERTIFICATION_SUPERSEDES_ITSELF',
      'unprocessable',
      'a certification cannot supersede itself',
      {
        errors: [
          { pointer, reason: 'expected another certification than the one that replaces it' },
        ],
      },
    );
  }
  if (target.supersededBy !== null && target.supersededBy !== by) throw alreadySuperseded(target);
};

const known = (state: RegisteredProduct, id: string, pointer: string): StandingCertification => {
  const found = state.certifications.find(({ certificationId }) => certificationId === id);
  if (found) return found;
  throw new Refusal(
    'CERTIFICATION_UNKNOWN',
    'unprocessable',
    `this product has no certification ${id}`,
    { errors: [{ pointer, reason: 'expected the id of a certification of this product' }] },
  );
};

const alreadySuperseded = ({ certificationId, supersededBy }: StandingCertification) =>
  new Refusal(
    'CERTIFICATION_ALREADY_SUPERSEDED',
    'conflict',
    `certification ${certificationId} was superseded by ${String(supersededBy)}`,
  );

/** ISO 8601 dates of one form order as text. */
export const isEarlier = (one: CertificationFact, than: CertificationFact): boolean =>
  one.agency === than.agency &&
  one.standard === than.standard &&
  one.certificateDate !== null &&
  than.certificateDate !== null &&
  one.certificateDate < than.certificateDate;
