"""What a contact is found by besides its ticket: the conversation it came in, or whose it is and what about (6.3).

And what one from elsewhere is known again by: what it is called there, or whose it is and since when (6.14).

A key is a digest: of one length, and nobody's words. Knows no ticket and no database.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from workflows.domain.ticket.subjects import matter_of

_DIGEST_BYTES = 16


def key_of_thread(thread: str) -> bytes:
    """The key of a conversation elsewhere: one for all channels and customers, as its channel names it."""
    return _key(b"thread", thread)


def key_of_matter(customer_id: str, subject: str) -> bytes | None:
    """The key of what a customer comes about, however it is spelt; none where the subject says nothing."""
    matter = matter_of(subject)
    return _key(b"matter", f"{customer_id}\0{matter}") if matter else None  # no id has a NUL


def keys_of_import(references: Sequence[str], customer_id: str, subject: str, opened_at: datetime) -> list[bytes]:
    """The keys of a ticket from elsewhere, in an order of their own: whoever writes several waits for nobody.

    One that is called nothing there is the one that its customer opened at that instant, with that subject.
    """
    if references:
        return sorted(_key(b"import", reference) for reference in references)
    return [_key(b"import", f"{opened_at.isoformat()}\0{customer_id}\0{subject}")]  # no reference has a NUL


def _key(kind: bytes, named: str) -> bytes:
    return blake2b(named.encode(), digest_size=_DIGEST_BYTES, person=kind).digest()
