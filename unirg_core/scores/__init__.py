"""Clinical scores: defined once, rewarded by `rl`, reported by `evaluate`, judged by `gate`."""
