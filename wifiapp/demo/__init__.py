"""A believable shop to look around in."""
