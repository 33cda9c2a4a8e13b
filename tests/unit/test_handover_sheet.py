"""How a page's room is shared: what is longest gives first, the oldest of it, and what must stay stays (6.5)."""

from workflows.planning.handover_sheet import Section, share


def section(title: str, lines: int, *, which: str = "earlier", kept: int = 0) -> Section:
    """A part of so many lines, called by their numbers."""
    return Section(title=title, lines=tuple(map(str, range(lines))), which=which, kept=kept)


def shared(own: list[Section], others: list[Section], room: int) -> dict[str, tuple[str, ...]]:
    """What is left of each."""
    return {each.title: each.lines for each in share(own, others, room)}


def test_the_oldest_line_goes_or_where_later_ones_are_left_out_the_last() -> None:
    """What happened last is what the next one needs, and of what is to come what comes first."""
    found = shared([section("told", 6), section("due", 6, which="later"), section("named", 6, kept=2)], [], 15)
    assert found == {"told": ("3", "4", "5"), "due": ("0", "1", "2"), "named": ("0", "1", "5")}


def test_what_is_longest_gives_first() -> None:
    """A short part is shown whole beside one that goes on and on."""
    found = shared([section("short", 3), section("long", 40)], [], 15)
    assert (len(found["short"]), len(found["long"])) == (3, 8)


def test_what_must_stay_stays_also_where_there_is_no_room_for_it() -> None:
    """Deadlines and promises are never left out; beside them every part keeps a line."""
    found = shared([section("clocks", 8, kept=8), section("notes", 9)], [section("merged", 9, kept=2)], 10)
    assert {name: len(lines) for name, lines in found.items()} == {"clocks": 8, "notes": 1, "merged": 2}


def test_who_needs_less_than_an_equal_share_leaves_the_rest_to_the_others() -> None:
    """A ticket's own story has half the page, or what the other leaves of it."""
    found = shared([section("own", 30)], [section("merged", 3)], 20)
    assert (len(found["own"]), len(found["merged"])) == (13, 3)
    found = shared([section("own", 30)], [section("merged", 30)], 20)
    assert (len(found["own"]), len(found["merged"])) == (8, 8)


def test_what_was_left_out_is_counted_with_what_was_left_out_before() -> None:
    """The title says how many there are besides."""
    [only] = share([Section(title="told", lines=("a", "b", "c"), left_out=4)], [], 4)
    assert list(only.shown()) == ["", "told (5 earlier left out)", "b", "c"]
