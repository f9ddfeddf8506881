"""Prefect's view of the stations: each task calls the core and shows what it says."""
