"""Ids sort by time; references survive being read over the phone."""

from datetime import UTC, datetime

import pytest

from services.intake.ids import ALPHABET, ID_LENGTH, Ids, ReferenceInvalid, check_character, parse_reference

SATURDAY = datetime(2026, 11, 21, 12, 0, 0, 5000, tzinfo=UTC)


def test_ids_sort_by_the_millisecond_they_were_made_in() -> None:
    """A later millisecond sorts later, whatever chance adds to either."""
    early = Ids(now=lambda: SATURDAY, random_bits=lambda bits: (1 << bits) - 1)
    late = Ids(now=lambda: SATURDAY.replace(microsecond=6000), random_bits=lambda _: 0)
    assert early.ticket_id() < late.ticket_id()
    assert len(early.ticket_id()) == ID_LENGTH == 26


def test_ids_of_one_millisecond_differ() -> None:
    """Eighty random bits tell apart what was opened together."""
    ids = Ids(now=lambda: SATURDAY)
    assert len({ids.ticket_id() for _ in range(1000)}) == 1000


def test_references_are_read_back_in_any_spelling() -> None:
    """Case, spaces and hyphens do not matter to whoever types it."""
    reference = Ids().reference()
    assert len(reference) == 9
    assert parse_reference(f" {reference.lower().replace('-', ' ')} ") == reference
    assert parse_reference(reference.replace("-", "")) == reference


def test_references_have_no_characters_that_look_alike() -> None:
    """There is no 0, O, 1 or I in a reference."""
    assert not set("01OI") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32


@pytest.mark.parametrize("payload", ["K7QM3XV", "2222222", "ZZZZZZZ", "ABCDEFG"])
def test_any_wrong_character_shows(payload: str) -> None:
    """Each of the 31 wrong characters at each place is found, the check character's own place included."""
    whole = payload + check_character(payload)
    parse_reference(whole)
    for place, right in enumerate(whole):
        for wrong in set(ALPHABET) - {right}:
            with pytest.raises(ReferenceInvalid):
                parse_reference(whole[:place] + wrong + whole[place + 1 :])


def test_any_adjacent_swap_shows() -> None:
    """For every two different characters at every two neighbouring places, the swap is found."""
    for place in range(6):
        for one in ALPHABET:
            for other in set(ALPHABET) - {one}:
                payload = "2" * place + one + other + "2" * (5 - place)
                swapped = "2" * place + other + one + "2" * (5 - place)
                assert check_character(payload) != check_character(swapped)
    for payload in (f"222222{last}" for last in ALPHABET):
        check = check_character(payload)
        assert check == payload[-1] or check_character(payload[:-1] + check) != payload[-1]


@pytest.mark.parametrize("text", ["", "K7QM", "K7QM-3XVPP", "K7Q0-3XVP", "ẞ7QM-3XVP", "K7QM_3XV"])
def test_what_no_reference_can_be_is_refused(text: str) -> None:
    """Too short, too long, or of other characters: refused with the remedy."""
    with pytest.raises(ReferenceInvalid, match="a reference"):
        parse_reference(text)
