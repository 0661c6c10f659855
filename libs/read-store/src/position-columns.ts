import type { Position } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';

// How positions of the log lie in tables: two unsigned 64-bit numbers, null at the beginning of the log.

export interface PositionRow {
  commit_position: string | null;
  prepare_position: string | null;
}

export const positionOf = (row: PositionRow): Position | undefined =>
  row.commit_position === null || row.prepare_position === null
    ? undefined
    : { commit: BigInt(row.commit_position), prepare: BigInt(row.prepare_position) };

/** `commit_position` and `prepare_position`. */
export const columnsOf = (position: Position | undefined): [string | null, string | null] => [
  position?.commit.toString() ?? null,
  position?.prepare.toString() ?? null,
];

export interface AnchorRow extends PositionRow {
  anchor_commit: string | null;
  anchor_prepare: string | null;
  anchor_id: string | null;
}

export const anchorColumns =
  'commit_position, prepare_position, anchor_commit, anchor_prepare, anchor_id';

/** A checkpoint from before anchors were kept is one without an id: it always lies on an event. */
export const anchorOf = (row: AnchorRow): Anchor | undefined => {
  const { anchor_commit: commit_position, anchor_prepare: prepare_position, anchor_id: id } = row;
  const taken = positionOf({ commit_position, prepare_position });
  const position = taken ?? positionOf(row);
  return position && { position, id: id ?? undefined };
};

/** The values of `anchor_commit`, `anchor_prepare` and `anchor_id`. */
export const anchorValues = (anchor: Anchor | undefined): (string | null)[] => [
  ...columnsOf(anchor?.position),
  anchor?.id ?? null,
];
