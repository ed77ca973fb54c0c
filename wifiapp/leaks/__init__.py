"""Leaks: where tokens or money went without a sale that accounts for them."""
