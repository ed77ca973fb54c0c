"""The page of one token: what it is, and all that happened to it."""
