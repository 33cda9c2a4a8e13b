"""What a runbook has the record asked can be asked of a record as it is, on either database."""

import re
from pathlib import Path

import pytest

from services.records import Records
from tests.support.record import Outsider, a_policy, an_opening

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
QUESTIONS = [
    (path.stem, block)
    for path in sorted(RUNBOOKS.glob("*.md"))
    for block in re.findall(r"```sql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=[name for name, _ in QUESTIONS])
async def test_every_question_to_the_record_can_be_asked(
    records: Records, record_url: str, name: str, question: str
) -> None:
    """Nobody is told at night to ask for a column that is not there."""
    await records.record.open_ticket(a_policy(), an_opening())

    assert await Outsider(record_url).run(question.strip().rstrip(";")) == [], name
