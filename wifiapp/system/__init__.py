"""What the whole installation looks like: its health, its versions, its room on the disk."""
