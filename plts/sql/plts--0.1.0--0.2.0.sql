-- What 0.2.0 has and 0.1.0 has not. Fresh installs and updates end alike: a test
-- compares them.

\echo Use "alter extension plts update" to load this file. \quit

alter table plts.artifact add column import_map jsonb not null default '{}';

comment on column plts.artifact.imports is
'specifiers of what the module imports, as import maps resolve them';
comment on column plts.artifact.import_map is
'bare specifiers that the module imports, and what each stands for';
