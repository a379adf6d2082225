"""Hosts and interpreters on disk: what their files say, and, where it is asked for, what they say when executed."""
