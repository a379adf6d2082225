"""
Runners: where the examination of each wheel runs.

A runner takes a function and its inputs, and yields outcomes in the order of the inputs.
"""
