"""
The commands, one file each: ``add_arguments(parser)``, ``run(options)``, and a docstring that is the help.

May import everything.
Read ``show`` first.
"""
