"""What changed between two versions, how often test sets were looked at, and the proof over all versions."""
