"""The flows: when, in which order, and who asked."""
