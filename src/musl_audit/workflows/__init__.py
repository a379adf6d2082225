"""
One command's whole story, without arguments or printing: the public way to use musl-audit from Python.

May import everything but ``cli``; a workflow takes values and returns values.
Read ``examining`` first. ``from musl_audit import examine, explain, repair_wheel`` is how others get here.
"""
