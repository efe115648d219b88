-- The version of the language.
select plts.version() as version
