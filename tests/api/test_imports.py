"""What is told of the rows of a table that were refused."""

from api.imports import rejected_rows
from qa_pipeline.errors import RowError


def test_of_a_table_without_end_the_first_thousand_refused_rows_are_told() -> None:
    errors = [RowError("This is no number.", hint="Mend it.", row=row) for row in range(2, 5000)]
    shown = rejected_rows(errors, str)
    assert len(shown) == 1000 and shown[0].row == 2 and shown[-1].row == 1001
