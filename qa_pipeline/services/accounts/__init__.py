"""Accounts, signing in, and tokens."""
