-- Makes substring search fast. Without the right to create it, or on a server that lacks it, search reads every row.
do $$
begin
  create extension if not exists pg_trgm with schema public;
exception
  when insufficient_privilege or feature_not_supported or undefined_file then
    raise notice 'pg_trgm is not available: %', sqlerrm;
end $$;
