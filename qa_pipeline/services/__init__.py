"""Use cases: what a person asks for, each in transactions of its own."""
