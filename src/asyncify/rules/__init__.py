"""What blocks, and what replaces it: one file per library, mostly data."""
