"""Stand-ins for the two kinds of hotspots: real servers, written from what the devices do."""

from tests.hotspots.stubs.esp32 import Esp32Stub
from tests.hotspots.stubs.r710 import R710Stub

__all__ = ["Esp32Stub", "R710Stub"]
