-- Imports of one kind run one at a time: two lists that change the same products must not interleave.
-- Requests from before have no kind; they end under the old rule.
alter table product_imports.work add column kind text;
create unique index one_run_of_a_kind on product_imports.work (kind) where owner is not null;
