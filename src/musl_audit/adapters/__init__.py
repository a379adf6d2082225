"""
The world: files, archives, processes, tools; one file per implementation of a port.

May import the core and nothing of ``reporters``, ``workflows`` or ``cli``.
Read ``archive/zips`` first: how a wheel is opened.
"""
