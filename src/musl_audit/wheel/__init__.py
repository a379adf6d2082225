"""
The wheel as bytes and names: its file name and tags, RECORD, dist-info, the installed tree, and the facts it holds.

May import ``elf`` and the nouns (``model``, ``errors``, ``frozen``).
Read ``extract`` first: the way from an opened archive to ``WheelFacts``.
"""
