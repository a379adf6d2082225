"""
A gate at an index of devpi: wheels are judged by musl-audit before they are stored.

``plugin`` is what devpi-server finds; ``tweens`` is where requests pass. Read ``plugin`` first.
"""
