-- What 0.2.0 has and 0.1.0 has not. Fresh installs and updates end alike: a test
-- compares them.

\echo Use "alter extension plts update" to load this file. \quit
