"""Tests of people's reviews."""
