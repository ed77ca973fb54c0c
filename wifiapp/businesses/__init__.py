"""The shops."""
