"""Stands where the engine of the previous release was.

Its catalog looks for its engine here until it is updated, and would tell people to
install what they have just replaced.
"""
