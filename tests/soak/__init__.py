"""The soak: a server under everything at once, for as long as is asked for."""
