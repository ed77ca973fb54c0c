"""What devices say, made fit for our rows: one that says nonsense must not stop its polls."""

from ipaddress import ip_address

LONGEST = 255  # characters of a name; DHCP and the DNS allow no more
MOST_BYTES = 10**13  # of one counter; more is no count, and many of them still fit a row


def text_of(value: object) -> str | None:
    """Return the printable characters of a text, shortened; None when there are none.

    What comes from the air may hold control characters, and NUL, which no row takes.
    """
    plain = "".join(c for c in value if c.isprintable()) if isinstance(value, str) else ""
    return plain.strip()[:LONGEST].rstrip() or None


def ip_of(value: object) -> str | None:
    """Return an IP address in its one spelling, without a zone (`%eth0`, which may be anything)."""
    try:
        return str(ip_address(str(value).partition("%")[0]))
    except ValueError:
        return None
