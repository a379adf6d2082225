"""Small real wheels, one for each thing that musl-audit must see or must not object to, and how they are built."""
