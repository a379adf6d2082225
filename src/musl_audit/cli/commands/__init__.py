"""The commands: one file each, found by file name."""
