"""Whether `flask serve` holds: every feature for long, clients that misbehave, shortage, signals, and doubtful framing.

    python -m soak --list

Nothing here is imported by the framework. Every figure is of a real service on 127.0.0.1, started as users start it.
"""
