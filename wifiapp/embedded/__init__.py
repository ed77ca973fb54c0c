"""PostgreSQL inside the app: the binaries come in a wheel, the life cycle is ours."""

from wifiapp.embedded.errors import EmbeddedError
from wifiapp.embedded.server import Embedded

__all__ = ["Embedded", "EmbeddedError"]
