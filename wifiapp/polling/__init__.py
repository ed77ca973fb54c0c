"""Who is online: every hotspot is asked in turn, and what it shows is taken into the tables."""
