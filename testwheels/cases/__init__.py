"""The table of test wheels: one module per subject, one row per wheel."""
