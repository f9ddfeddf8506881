"""Core library of the UniRG pipeline: every stage's logic, free of any orchestrator."""

__version__ = "0.1.0"
