"""What people wrote, in messages: names of every script, markup, line ends and headers, nothing breaks out."""

from dataclasses import replace

from services.words.plain import line, one_line, paragraphs, text_of
from services.words.words import Rendered, Words
from tests.support.telling import Life, an_opening, lives
from workflows.domain.ticket.commands import Acknowledge, Customer, PostUpdate


def told(customer: Customer, subject: str = "No line", text: str = "soon") -> Rendered:
    """An update that this customer is told."""
    life = Life(opening=an_opening(customer, subject=subject))
    life.do(Acknowledge(actor="ann", handler="ann", tier="agent"), PostUpdate(actor="ann", text=text))
    return Words().say(life.first("update_posted"))


def customer(name: str, language: str = "en-GB") -> Customer:
    """Somebody of that name."""
    return Customer(external_id="c-1", name=name, language=language, zone="Europe/London")


def test_a_name_of_any_script_is_said_as_it_is_written() -> None:
    """9: names are nobody's to change."""
    for name in ("Zoë Müller-Lüdenscheidt", "佐藤 花子", "Łukasz Żółć", "👩‍🚒 Ida"):
        assert name in told(customer(name)).text


def test_a_name_from_right_to_left_turns_nothing_else() -> None:
    """9: it is set apart, and what would turn the direction of the rest is left out."""
    assert line("שרה כהן") == "\N{FIRST STRONG ISOLATE}שרה כהן\N{POP DIRECTIONAL ISOLATE}"
    assert line("Ida \N{RIGHT-TO-LEFT OVERRIDE}elpmaxE") == "Ida elpmaxE"
    assert "Hello \N{FIRST STRONG ISOLATE}שרה כהן\N{POP DIRECTIONAL ISOLATE}," in told(customer("שרה כהן")).text


def test_markup_is_text_in_html() -> None:
    """9: what a customer wrote is nobody's script; plain text has it as it was written."""
    said = told(customer("<b>Ida</b>"), text='<script>alert("1")</script> & more')
    assert '<script>alert("1")</script> & more' in said.text
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; more" in said.html
    assert "Hello &lt;b&gt;Ida&lt;/b&gt;," in said.html
    assert "<script" not in said.html


def test_what_looks_like_a_template_is_not_one() -> None:
    """9: words of people are put in, never worked out."""
    assert "{{ reference }} {% include 'x' %}" in told(customer("Ida"), text="{{ reference }} {% include 'x' %}").text


def test_a_subject_is_one_line_whatever_it_is_made_from() -> None:
    """9: a header that a channel writes cannot be ended by what a customer wrote."""
    desk = next(each for each in lives()[0].occasions() if each.kind == "clock_breached")
    ticket = replace(desk.ticket, subject="No line\r\nBcc: everybody@example.org\N{LINE SEPARATOR}x\0\N{NEXT LINE}y")
    said = Words().say(replace(desk, ticket=ticket))
    assert said.subject == "QX7K-4MPD is late: No line Bcc: everybody@example.org x y"


def test_a_long_subject_is_cut() -> None:
    """A header has its limits; the reference goes first in what the desk is told, and last in no customer's."""
    assert one_line("a" * 300, 200) == "a" * 199 + "…"
    assert told(customer("Ida"), subject="n" * 200).subject == "News of your request (QX7K-4MPD)"


def test_lines_are_kept_and_line_ends_are_one_kind() -> None:
    """9: an update of three paragraphs is three paragraphs; what no reader sees is left out."""
    said = told(customer("Ida"), text="one\r\n\r\n\r\n\r\ntwo \x07\rthree\N{PARAGRAPH SEPARATOR}four")
    assert "one\n\ntwo\nthree\nfour" in said.text
    assert '<p dir="auto">two<br>three<br>four</p>' in said.html
    assert text_of("\n\n  a\n") == "a"
    assert paragraphs("a\nb\n\nc") == (("a", "b"), ("c",))
