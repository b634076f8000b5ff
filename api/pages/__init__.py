"""Server-rendered pages: reading works without scripts, and there are none."""
