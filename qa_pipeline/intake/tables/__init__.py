"""Tables as people have them: any usual format, encoding, header and way of writing a value.

``read_table`` gives rows of text, ``match_headers`` finds the columns, and one ``parse_x`` per kind of value turns
text into a value or raises RowError with file, row, field and remedy.
"""

from qa_pipeline.intake.tables.headers import match_headers, normalise_header
from qa_pipeline.intake.tables.moments import find_day_first, parse_moment, parse_period
from qa_pipeline.intake.tables.place import Place
from qa_pipeline.intake.tables.reading import Row, Table, is_table_file, read_table
from qa_pipeline.intake.tables.values import (
    is_missing,
    parse_direction,
    parse_duration_s,
    parse_language,
    parse_number,
    parse_ratio,
    parse_role,
)

__all__ = [
    "Place",
    "Row",
    "Table",
    "find_day_first",
    "is_missing",
    "is_table_file",
    "match_headers",
    "normalise_header",
    "parse_direction",
    "parse_duration_s",
    "parse_language",
    "parse_moment",
    "parse_number",
    "parse_period",
    "parse_ratio",
    "parse_role",
    "read_table",
]
