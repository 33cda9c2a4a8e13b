"""What is said of a merge, from the record to the words: to the tier that gets the survivor, and to the customer."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.records import Records, SettledBy
from tests.edges.test_file_channel import delivered
from tests.support.clock import StoryClock
from tests.support.merging import an_opening_of_one
from tests.support.record import a_policy
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import AddNote, Escalate, RecordContact, Resolve
from workflows.domain.ticket.words import ContactKind, Outcome


async def test_a_tier_is_told_the_story_of_a_merged_ticket_too(records: Records, tmp_path: Path) -> None:
    """6.5, 6.7: in the message that hands it over, with the reference; what was not of a tier has none of it."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), an_opening_of_one(number))
    await records.record.settle("t-0001", AddNote(actor="kim", text="The fuse is it."), by=SettledBy.INTAKE)
    await records.record.merge("t-0001", "t-0002", actor="kim")
    climb = Escalate(actor="kim", from_tier="desk", reason="the exchange")
    await records.record.settle("t-0002", climb, by=SettledBy.INTAKE)

    told = await delivered(records, tmp_path)

    (handed,) = [line["text"] for line in told if (line["kind"], line["audience"]) == ("escalated", "tier")]
    assert "From R-0001, opened " in handed
    assert "note: The fuse is it." in handed
    assert not [line for line in told if line["text"] != handed and "fuse" in line["text"]]
    (letter,) = [line["text"] for line in told if (line["kind"], line["audience"]) == ("merged", "customer")]
    assert "You will hear from us about it by Monday 23 November at 16:00 (London time) at the latest." in letter
    assert "From now on the reference is R-0002." in letter


async def letters(
    records: Records, clock: StoryClock, to: Path, outcome: Outcome, *, speaks: bool = False
) -> dict[str, str]:
    """Every letter of a merge into a ticket that is resolved so; the customer may have written on the other since."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), an_opening_of_one(number))
    resolve = Resolve(actor="kim", outcome=outcome, explanation="A new socket.")
    await records.record.settle("t-0002", resolve, by=SettledBy.INTAKE)
    clock.pass_(minutes(1))
    if speaks:
        wrote = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="the left one")
        await records.record.settle("t-0001", wrote, by=SettledBy.INTAKE)
    await records.record.merge("t-0001", "t-0002", actor="kim")
    return {line["kind"]: line["text"] for line in await delivered(records, to) if line["audience"] == "customer"}


async def test_who_is_merged_into_a_solution_is_asked_for_their_word_on_it(
    records: Records, story_clock: StoryClock, tmp_path: Path
) -> None:
    """6.7, 6.8: that it is thought solved, how to say no, and when silence is a yes; nobody says that they go on."""
    said = (await letters(records, story_clock, tmp_path, Outcome.FIXED))["merged"]
    assert " we have told you what we take to be the solution." in said
    assert "Tell us yes, and we close them. Tell us no and why, and we go on at once. If we hear nothing by " in said
    assert "so we have made them one. Nothing that you told us is lost." in said
    assert "You will hear from us" not in said


async def test_who_is_merged_into_what_was_set_aside_is_told_how_it_goes_on(
    records: Records, story_clock: StoryClock, tmp_path: Path
) -> None:
    """6.7, 6.9: no solution was offered there, and nobody works on it until they answer."""
    said = (await letters(records, story_clock, tmp_path, Outcome.NO_RESPONSE))["merged"]
    assert " we have asked you something and not heard from you, so it is set aside" in said
    assert "solution" not in said
    assert "go on with both, from the earlier" not in said


async def test_whose_answer_came_by_another_ticket_reads_of_one_instant(
    records: Records, story_clock: StoryClock, tmp_path: Path
) -> None:
    """6.5, 6.7, 6.9: open again and merged, both letters name the earlier of what was promised."""
    said = await letters(records, story_clock, tmp_path, Outcome.NO_RESPONSE, speaks=True)
    for kind in ("reopened", "merged"):
        assert "Monday 23 November at 16:00 (London time)" in said[kind], kind
    assert "and go on with both, from the earlier of the two" in said["merged"]


@pytest.mark.parametrize(("language", "before"), [("en-GB", "is lost"), ("de-DE", "geht verloren")])
async def test_who_is_told_of_a_duplicate_reads_why(
    records: Records, tmp_path: Path, language: str, before: str
) -> None:
    """6.7: what the desk explained is the customer's, in the one letter that says which ticket goes on."""
    customer = replace(an_opening_of_one(1).customer, language=language)
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), replace(an_opening_of_one(number), customer=customer))
    await records.record.resolve_as_duplicate("t-0001", "t-0002", actor="kim", explanation="It is the fuse again.")

    told = [line for line in await delivered(records, tmp_path) if line["ticket_id"] == "t-0001"]

    (letter,) = [line["text"] for line in told if line["audience"] == "customer" and line["kind"] != "opened"]
    assert f"{before}.\n\nIt is the fuse again.\n\n" in letter
    assert "R-0002" in letter
    assert not [line for line in told if line["text"] != letter and "fuse" in line["text"]]
