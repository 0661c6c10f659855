-- breaking
-- Each version of a projection has tables and a checkpoint of its own, in a schema `<name>_v<version>`: a version that is
-- rolled back to, or runs beside a newer one, reads and fills its own.
alter table read_store.build add column active boolean not null default false;
update read_store.build b set active = true
  from read_store.projection p
 where p.name = b.projection and p.active_build = b.build;
create unique index build_active on read_store.build (projection, version) where active;

do $$
declare
  kept record;
begin
  for kept in select replace(projection, '-', '_') as name, version from read_store.build where active loop
    execute format('alter schema %I rename to %I', kept.name, kept.name || '_v' || kept.version);
  end loop;
end $$;

alter table read_store.projection drop column active_build;

-- The version that a build, rebuild or stop is meant for, or that a drop removes. Null: asked before versions stood side by side.
alter table read_store.request add column version integer;
alter table read_store.request drop constraint request_kind_check;
alter table read_store.request add constraint request_kind_check
  check (kind in ('build', 'rebuild', 'stop', 'drop', 'retry', 'discard'));
