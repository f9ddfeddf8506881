"""A run's life outside any orchestrator: its pins, its checkout, its stages as child processes, its end."""
