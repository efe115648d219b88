-- Complain if the script is run by psql instead of by ALTER EXTENSION.
\echo Use "alter extension plts update" to load this file. \quit
