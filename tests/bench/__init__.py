"""What is measured: the backup engine beside PostgreSQL's own tools, on the same data."""
