-- Language: its handlers. To replace a language keeps its functions, owner and grants.

create or replace function plts.plts_call_handler() returns language_handler
language c volatile parallel safe
as 'MODULE_PATHNAME', 'plts_call_handler';

create or replace function plts.plts_inline_handler(internal) returns void
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_inline_handler';

create or replace function plts.plts_validator(oid) returns void
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_validator';

create or replace trusted language plts
handler plts.plts_call_handler
inline plts.plts_inline_handler
validator plts.plts_validator;
