"""Cases of auditwheel's own kind, run with both tools: see ``cases`` and ``docs/explanation/auditwheel.md``."""
