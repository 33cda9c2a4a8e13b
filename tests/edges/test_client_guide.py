"""The guide to the client is run, as it stands there, against a real intake."""

import ast
import asyncio
import inspect
import re
from pathlib import Path

from services.records import Records
from tests.support.intake import a_desk
from workflows.domain.ticket.events import UpdatePosted

GUIDE = Path(__file__).parents[2] / "docs" / "client.md"
ADDRESS = "127.0.0.1:7300"


async def test_the_guide_does_what_it_says(sqlite_url: str) -> None:
    """Pasted one after the other, each of its snippets runs; the update it repeats safely is in the record once."""
    snippets = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {"print": lambda *_: None}
    async with a_desk(sqlite_url) as desk:
        for snippet in snippets:
            code = compile(snippet.replace(ADDRESS, str(desk.address)), GUIDE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                await eval(code, names)  # noqa: S307 - the guide's own words
            else:
                await asyncio.to_thread(exec, code, names)
        await names["client"].close()  # type: ignore[attr-defined]  # the guide made it
        told = await _updates(desk.records, names["ticket"].ticket_id)  # type: ignore[attr-defined]  # and opened it

    assert len(snippets) == 11
    assert told == ["I call about the engineer.", "An engineer comes at three."]


async def _updates(records: Records, ticket_id: str) -> list[str]:
    entries = await records.queries.entries(ticket_id, after_sequence=0, limit=100)
    return [entry.event.text for entry in entries if isinstance(entry.event, UpdatePosted)]
