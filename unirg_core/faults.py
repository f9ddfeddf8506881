"""The one error that a person reads: what is wrong, where, and what to do about it."""


class BadInput(Exception):
    """Say in one sentence which file, field or value is wrong and how to mend it.

    The command line prints the sentence and ends with exit code 2; any other exception is a bug and keeps its trace.
    """


class HonestNegative(Exception):
    """Say that the work was done and its answer is no (exit code 1), as when a model has collapsed."""
