"""What an administrator decides for the whole installation."""
