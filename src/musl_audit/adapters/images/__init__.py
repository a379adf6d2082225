"""
Images read where they lie: a tar of a root, a layer, what ``docker save`` writes, an OCI layout; nothing is unpacked.

``tree`` is the way in; ``layouts`` finds the layers of an image, ``layers`` lays them over each other, ``tar`` reads
the headers of an archive, ``blobs`` the bytes of it, compressed or not.
"""
