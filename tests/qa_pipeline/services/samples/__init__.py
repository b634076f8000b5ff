"""Tests of samples for review."""
