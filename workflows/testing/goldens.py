"""Golden texts: what a policy was seen to do, kept in a file that a reviewer reads. Knows no policy."""

from difflib import unified_diff
from pathlib import Path


def compare(path: Path, text: str, *, is_updating: bool = False) -> None:
    """See that the file holds the text, or write it; `AssertionError` shows the difference and names the flag."""
    if is_updating:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    if not path.exists():
        raise AssertionError(f"there is no {path}: run pytest with --update-goldens once, read the file, commit it")
    kept = path.read_text(encoding="utf-8")
    if kept != text:
        lines = unified_diff(kept.splitlines(), text.splitlines(), f"{path.name} as kept", "as found", lineterm="")
        changed = "\n".join(lines)
        raise AssertionError(f"{path} is not what was found; if that is meant, --update-goldens:\n{changed}")
