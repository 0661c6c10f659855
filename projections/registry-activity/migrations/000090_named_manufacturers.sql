-- Names become known after the counts that they order: walks over pages keep to the order of their start.
-- Grows with each batch that brings names; 0 for those that were known before, and where there is none yet.
alter table analytics.manufacturer add column named_in bigint not null default 0;
