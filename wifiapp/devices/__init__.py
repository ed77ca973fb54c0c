"""Devices seen with a token, and their sessions."""
