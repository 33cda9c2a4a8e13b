"""Which language somebody means who writes its name: `german` and `Deutsch` are `de`. Knows no folder and no form."""

from functools import cache

from babel import Locale, localedata

from workflows.domain.languages import TAG, nearest


def tag_meant(name: str) -> str | None:
    """Return the tag of what somebody called by another name, or wrote otherwise; none: it is not known."""
    proper = next(nearest(name.replace("_", "-")))
    return proper if TAG.fullmatch(proper) else tag_of_english(name) or tag_of_own(name)


def tag_of_english(name: str) -> str | None:
    """Return the tag of the language of that English name, in whatever case; none: there is none."""
    return _by_english_name().get(name.casefold())


def tag_of_own(name: str) -> str | None:
    """Return the tag of the language that calls itself so, in whatever case. Takes a second the first time."""
    return _by_own_name().get(name.casefold())


@cache
def _by_english_name() -> dict[str, str]:
    named = Locale("en").languages
    # The first of a name is the shortest tag.
    return {named[tag].casefold(): tag for tag in sorted(named, key=len, reverse=True) if "_" not in tag}


@cache
def _by_own_name() -> dict[str, str]:
    tags = sorted((tag for tag in localedata.locale_identifiers() if "_" not in tag), key=len, reverse=True)
    own = ((Locale(tag).get_language_name(tag), tag) for tag in tags)
    return {name.casefold(): tag for name, tag in own if name}
