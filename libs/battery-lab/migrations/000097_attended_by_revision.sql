alter table lab.attended_experiments
  -- Of the experiment when the row was made: what was decided on an older one changes nothing.
  add column revision bigint not null default 0,
  -- Of the topic of experiments, in which its facts come; null: not known.
  add column partition integer,
  -- Its unit was told to start or to go on, and has not answered.
  add column is_turning_on boolean not null default false,
  -- By how many seconds its newest records came after they were taken, by the clock of the unit; the least, and since when.
  add column least_lag_s double precision,
  add column least_lag_at timestamptz;
