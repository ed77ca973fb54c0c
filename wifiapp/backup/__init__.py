"""Backups that provably restore."""
