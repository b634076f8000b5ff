"""What goes wrong with machines, done to callqa on purpose: nothing may be lost or doubled.

Each module does one kind of fault to the real product and returns an :class:`benchmarks.faults.whole.Outcome`. The
tests in tests/faults run each a few times, ``python -m benchmarks.faults`` often.
"""
