-- What 0.1.0 lacks and cannot be created over again.

alter table plts.artifact add column import_map jsonb not null default '{}';
