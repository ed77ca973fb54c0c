"""What can be wrong with the embedded PostgreSQL, told in one line."""


class EmbeddedError(Exception):
    """The embedded server cannot be had; says what failed, what is safe and what to do."""
