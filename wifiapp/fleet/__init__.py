"""The page of one hotspot: what it is, what its tokens and devices do, and when it was silent."""
