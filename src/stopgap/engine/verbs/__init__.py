"""The verbs of the engine, one a module: each takes a session and says what it did."""
