"""docs/rules.md: whoever meets a rule's number in a story, or on a page, can look up what it says."""

import re
from pathlib import Path

from workflows.planning import wording

ROOT = Path(__file__).parents[2]
TOLD = set(re.findall(r"^\| (\d(?:\.\d+)?) \|", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_rule_that_a_story_cites_is_told() -> None:
    """7.4: `explain` ends its lines with the number of a rule; none of them leads nowhere."""
    cited = set(re.findall(r'"(\d(?:\.\d+)?)"', Path(wording.__file__).read_text(encoding="utf-8")))

    assert {"2.8", "4.2", "6"} <= cited
    assert sorted(cited - TOLD) == []


def test_every_rule_that_a_page_cites_is_told() -> None:
    """In docs/ a rule is cited in brackets, or as `semantics`."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}
    cited = {
        (name, number)
        for name, text in pages.items()
        for number in re.findall(r"(?:\((?:semantics )?|[Ss]emantics )([2-8]\.\d+)(?=[).,;])", text)
    }

    assert ("architecture.md", "7.5") in cited
    assert sorted((name, number) for name, number in cited if number not in TOLD) == []
