import {
  certificationIdOf,
  currentCertifications,
  isEarlier,
  superseded,
} from './certifications.js';
import type { CertificationFact, ListedCertification } from './commands.js';
import { completes, restates } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { Certification, ProductEventOf } from './events.js';
import type { Weighed } from './list-conflict.js';
import { noWord, type StandingCertification } from './standing.js';

type CertificationEvent = ProductEventOf<
  'CertificationRecorded' | 'CertificationSuperseded' | 'CertificationWithdrawnByList'
>;

/**
 * What a row changes of certifications. A list names one for a standard: another one replaces the list's
 * former one, unless it is older. What the list no longer names is withdrawn by it, and blocks nothing.
 */
export const weighCertification = (
  list: string,
  listed: ListedCertification | null,
  commandId: string,
  state: RegisteredProduct,
): Weighed<CertificationEvent> => {
  const dropped = droppedBy(list, listed, state);
  if (!listed) return { events: dropped, conflicts: [] };
  const fact = factOf(listed);
  const last = state.lists[list]?.certifications[fact.standard];
  // A list that leaves the edition out says nothing against the one that it named before.
  if (last && restates(fact, last)) return { events: dropped, conflicts: [] };
  const current = currentCertifications(state).filter((one) => one.standard === fact.standard);
  const same = current.find((one) => isSame(fact, one));
  const persons = current.find((one) => one.by === 'person');
  if (!same && persons) {
    const { by: _, supersededBy: __, withdrawnBy: ___, ...standing } = persons;
    const path = `/certifications/${fact.standard}`;
    return { events: dropped, conflicts: [{ path, listed: fact, standing }] };
  }
  const events = named(list, fact, { commandId, state, current, same, last });
  return { events: [...events, ...dropped], conflicts: [] };
};

interface Known {
  readonly commandId: string;
  readonly state: RegisteredProduct;
  readonly current: readonly StandingCertification[];
  readonly same: StandingCertification | undefined;
  /** What the list named last for the standard. */
  readonly last: Certification | undefined;
}

const named = (
  list: string,
  fact: CertificationFact,
  { commandId, state, current, same, last }: Known,
): readonly CertificationEvent[] => {
  const newer = same ? undefined : newerThan(fact, current, last);
  const known = newer ? state.certifications.find((one) => isSame(fact, one)) : same;
  const certificationId = known?.certificationId ?? certificationIdOf(commandId, fact);
  const edition = fact.edition ?? known?.edition ?? null;
  const recorded: CertificationEvent = {
    type: 'CertificationRecorded',
    data: { certificationId, ...fact, edition, list },
  };
  if (newer) {
    return known
      ? [recorded]
      : [recorded, superseded(certificationId, newer.certificationId, list)];
  }
  const replaced = current.filter(
    (one) =>
      one.certificationId !== certificationId &&
      ((one.certificationId === last?.certificationId && !isOlder(fact, one)) ||
        isEarlier(one, fact)),
  );
  return [
    recorded,
    ...replaced.map((one) => superseded(one.certificationId, certificationId, list)),
  ];
};

/** The same certification; either may leave the edition out. */
const isSame = (fact: CertificationFact, known: CertificationFact): boolean =>
  restates(fact, known) || completes(fact, known);

/** One in force that stays so: an older certificate supersedes no newer one, whichever is named last. */
const newerThan = (
  fact: CertificationFact,
  current: readonly StandingCertification[],
  last: Certification | undefined,
): StandingCertification | undefined =>
  current.find(
    (one) =>
      isEarlier(fact, one) || (one.certificationId === last?.certificationId && isOlder(fact, one)),
  );

const isOlder = (fact: CertificationFact, than: CertificationFact): boolean =>
  fact.certificateDate !== null &&
  than.certificateDate !== null &&
  fact.certificateDate < than.certificateDate;

const factOf = ({
  edition = null,
  certificateDate = null,
  ...rest
}: ListedCertification): CertificationFact => ({ ...rest, edition, certificateDate });

/** Those that the list named before and does not name now. */
const droppedBy = (
  list: string,
  listed: ListedCertification | null,
  state: RegisteredProduct,
): readonly CertificationEvent[] =>
  Object.values((state.lists[list] ?? noWord).certifications)
    .filter(({ standard }) => standard !== listed?.standard)
    .map(({ certificationId }) => ({
      type: 'CertificationWithdrawnByList',
      data: { certificationId, list },
    }));
