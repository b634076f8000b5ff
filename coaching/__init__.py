"""Coaching: from what inspections found to what one person practises next."""
