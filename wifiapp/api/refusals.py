"""Why a key opens nothing."""

from wifiapp.errors import WifiError


class Refused(WifiError):
    """The key is unknown, revoked, or what it is for is closed."""

    status = 401


class TooMany(WifiError):
    """The key was used more than `most` times in a minute; it may be again in `wait` seconds."""

    status = 429

    def __init__(self, wait: int, most: int) -> None:
        super().__init__(
            f"More than {most} requests in a minute. Nothing was done. Try again in {wait} seconds."
        )
        self.wait = wait
