"""Logs: facts with fields, and never the text of an exception."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from services import logs
from services.records import SettledBy, connect
from services.settings import LogFormat, LogLevel
from tests.support.clock import StoryClock
from tests.support.record import ACKNOWLEDGE, a_policy, a_request, an_opening, answer
from workflows.domain.ticket.commands import PostUpdate

CANARY = "Ada Byron"


@pytest.fixture(autouse=True)
def _configuration() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def _written(log_format: LogFormat, level: LogLevel = LogLevel.INFO) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logs.configure(level, log_format, stream)
    return logging.getLogger("services.test"), stream


def test_a_fact_is_one_json_object_with_its_fields() -> None:
    """A log store finds the fact, its severity and its fields by name."""
    logger, stream = _written(LogFormat.JSON)

    logger.info("ticket opened", extra={"ticket_id": "01K9", "wake_in_seconds": 3.5, "told": None})

    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "services.test",
        "fact": "ticket opened",
        "ticket_id": "01K9",
        "wake_in_seconds": 3.5,
        "told": None,
    }


def test_a_fact_is_one_line_of_text_whatever_is_in_it() -> None:
    """A line break in a value cannot pass for another fact."""
    logger, stream = _written(LogFormat.TEXT)

    logger.warning("record\naway", extra={"text": 'two\nlines "quoted"', "count": 3})

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith(r'warning record away  text="two\nlines \"quoted\"" count=3' + "\n")


@pytest.mark.parametrize("log_format", LogFormat)
def test_the_text_of_an_exception_is_never_written(log_format: LogFormat) -> None:
    """Drivers put customers' names into exception texts: type and place are told, for what it came from too."""
    logger, stream = _written(log_format)
    names: dict[str, str] = {}

    try:
        try:
            _ = names[CANARY]
        except KeyError as cause:
            raise ValueError(CANARY) from cause
    except ValueError:
        logger.exception("settle failed", extra={"ticket_id": "01K9"})

    assert CANARY not in stream.getvalue()
    assert "builtins.ValueError at " in stream.getvalue()
    assert "from builtins.KeyError at " in stream.getvalue()


def test_facts_below_the_level_are_not_written() -> None:
    """`FOLLOWTHROUGH_LOG_LEVEL` is the lowest severity that is written."""
    logger, stream = _written(LogFormat.TEXT, LogLevel.WARNING)

    logger.info("ticket opened")

    assert stream.getvalue() == ""


async def test_nobody_is_named_however_much_is_wanted(record_url: str, story_clock: StoryClock) -> None:
    """At debug level, too: drivers write rows and parameters down, which are customers' names and words."""
    logger, stream = _written(LogFormat.TEXT, LogLevel.DEBUG)

    logger.debug("call ended")
    async with await connect(record_url, story_clock) as records:
        opening = an_opening(name=CANARY, text=CANARY)
        await records.record.open_ticket(a_policy(), opening, request=a_request(), encode=answer)
        update = PostUpdate(actor="kim", text=CANARY)
        await records.record.settle("t-0001", update, by=SettledBy.INTAKE, request=a_request("r-2"), encode=answer)
        story_clock.pass_(2 * ACKNOWLEDGE)
        await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        ticket = await records.queries.ticket("t-0001")
        await records.queries.entries("t-0001")
        await records.queries.inputs("t-0001")

    assert ticket.customer.name == CANARY
    assert "call ended" in stream.getvalue()
    assert CANARY not in stream.getvalue()
