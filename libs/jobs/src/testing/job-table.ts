import pg from 'pg';

import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import type { JobTable } from '../job-queue.js';

/** The table of `README.md`, and one that says which jobs are not done. */
const sql = `
  create schema backfills;
  create table backfills.queue (
    site_id uuid primary key,
    kind text,
    requested_at timestamptz not null default clock_timestamp(),
    not_before timestamptz not null default '-infinity',
    owner text,
    lease_until timestamptz
  );
  create unique index one_job_of_a_kind on backfills.queue (kind) where owner is not null;
  create table backfills.requested (id uuid, kind text, state text);
`;

export const jobTable: JobTable = {
  name: 'backfills.queue',
  id: 'site_id',
  unfinished: "select id, kind from backfills.requested where state = 'open'",
};

export const jobDatabase = (): Promise<TestDatabase> =>
  databaseFrom({
    name: 'jobs',
    prepare: async (url) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    },
  });
