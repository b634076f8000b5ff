"""Attrition risk of one's own people: who may need support, from what was known when, behind a wall of purpose."""
