"""Every numbered rule of the semantics is named by a test: a rule that nobody tells a story of is a wish."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
RULES = {
    f"{section}.{rule}"
    for section, count in {2: 11, 3: 7, 4: 9, 5: 6, 6: 14, 7: 5}.items()
    for rule in range(1, count + 1)
} | {"8"}
"""Their numbers, as they stand in the semantics; section 1 names words, and section 8 is one rule."""
SPAN = re.compile(r"\b(\d)\.(\d+)-(?:(\d)\.)?(\d+)\b")


def test_every_rule_is_named_by_a_test() -> None:
    """A test names in its docstring the rules that it proves; `4.2-4.4` names three."""
    named = {number for docstring in _docstrings() for number in _numbers(docstring)}

    assert sorted(RULES - named) == []


def _docstrings() -> Iterator[str]:
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield ast.get_docstring(node) or ""


def _numbers(docstring: str) -> Iterator[str]:
    for section, first, _, last in SPAN.findall(docstring):
        yield from (f"{section}.{number}" for number in range(int(first), int(last) + 1))
    yield from re.findall(r"(?<![\d.])\d\.\d+(?=[^\d.]|\.?$|\. )", docstring)
    yield from re.findall(r"(?:^|, )(8)(?=[:,])", docstring, re.MULTILINE)
