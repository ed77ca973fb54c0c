"""Usage rolled up by hour, day, week and month."""
