-- Complain if the script is run by psql instead of by CREATE EXTENSION.
\echo Use "create extension plts" to load this file. \quit
