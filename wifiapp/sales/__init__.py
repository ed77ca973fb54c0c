"""Sales of tokens, by channel."""
