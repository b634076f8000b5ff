"""The period report: pure composition of results into one value, and its HTML, Excel, CSV and JSON renderers."""
