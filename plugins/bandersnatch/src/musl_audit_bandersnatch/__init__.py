"""
A filter for mirrors by bandersnatch: wheels for musl that load on none of the places that a mirror serves stay away.

``plugin`` is what bandersnatch finds; ``policy`` decides, and knows nothing of bandersnatch.
"""
