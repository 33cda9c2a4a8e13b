"""How every page of this folder is filled in: what is put into markup is escaped, and what is missing is an error."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


def template(name: str) -> Template:
    """Return the template of that name."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.policy_pages"),
        autoescape=select_autoescape(("html.j2", "svg.j2"), default_for_string=False, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["n"] = lambda number: f"{number:.1f}".removesuffix(".0")
    return environment
