"""One roll-up at a time, and none during a check: an advisory lock until the transaction's end."""

from sqlalchemy import text

_KEY = "hashtextextended('wifiapp roll-up', 0)"
TAKE = text(f"SELECT pg_advisory_xact_lock({_KEY})")
TRY = text(f"SELECT pg_try_advisory_xact_lock({_KEY})")
TRY_TO_SHARE = text(f"SELECT pg_try_advisory_xact_lock_shared({_KEY})")
SHARE = text(f"SELECT pg_advisory_xact_lock_shared({_KEY})")
