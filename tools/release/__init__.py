"""
What `make release` does: two builds that must be equal, their contents, and what goes with them.

``python -m tools.release`` runs all of it; nothing is uploaded. Read ``__main__`` first.
"""
