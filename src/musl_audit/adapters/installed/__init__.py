"""
What is installed, read from a system's own files: nothing is executed, nothing is written.

``sites`` finds the folders that an interpreter imports from, ``projects`` what is installed there, ``reading`` the
facts of its binaries, ``files`` answers for all other files of the system.
"""
