"""The access points, ESP32 portals and Ruckus R710."""
