"""What is timed, and for how long: shared by the two ``bench_*.py``, which run in different environments."""

SIZES = [10**k for k in range(3, 8)]
PASSES = ["forward", "forward and backward"]
STEP = "training step"
# A machine's speed drifts by the second. So those compared take turns, and ratios are formed turn by turn.
TURNS = range(3)


def effort(size):
    """Return how often to time a call, as the keywords of pytest-benchmark's ``pedantic``."""
    return {"rounds": min(max(10**7 // size, 1), 10), "iterations": max(10**4 // size, 1)}
