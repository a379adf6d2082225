"""
Reading the zip archive of a wheel, hostile or not: directory, local headers, names, inflating.

May import ``wheel`` and what is below it.
Read ``zips`` first, then ``assessment``: what is wrong with an archive before a byte is inflated.
"""
