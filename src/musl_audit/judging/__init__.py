"""
From facts to a report: the rules, the verdict, and the gate behind them.

May import ``loader`` and what is below it; nothing here opens a file, prints, or looks at the host.
Read ``audit`` first, then one rule in ``rules/``.
"""
