"""JSON under /api/v1 and the web pages: two faces over the same services."""
