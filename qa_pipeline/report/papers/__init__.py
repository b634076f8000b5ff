"""Short documents for two people at a table: written once, as a Word file or as PDF."""
