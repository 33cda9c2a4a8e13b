"""What is said of a merge, from the record to the words: to the tier that gets the survivor, and to the customer."""

from pathlib import Path

from services.records import Records, SettledBy
from tests.edges.test_file_channel import delivered
from tests.support.merging import an_opening_of_one
from tests.support.record import a_policy
from workflows.domain.ticket.commands import AddNote, Escalate


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
