"""Tracking and registry in MLflow: a view of the run's record that data scientists know how to read."""

import os


def tracking_uri() -> str:
    """Return where MLflow keeps its runs: `$MLFLOW_TRACKING_URI`, or the SQLite file under UNIRG_HOME."""
    from unirg_core.home import home

    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


def served() -> bool:
    """Tell whether a server elsewhere keeps the runs; it then decides where their files lie."""
    return tracking_uri().startswith(("http://", "https://", "databricks"))


def client() -> "MlflowClient":  # noqa: F821 - MLflow takes two seconds to import
    """Return a client of that store; the first call makes the store, under a lock, as two at once would clash."""
    import logging

    from mlflow import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # it tells of every table that it makes

    from unirg_core.home import home, locked

    with locked(home() / "mlflow.lock"):
        made = MlflowClient(tracking_uri=tracking_uri(), registry_uri=tracking_uri())
        made.search_experiments(max_results=1)
    return made


def store_exists() -> bool:
    """Tell whether anything can be registered yet, without importing MLflow."""
    from unirg_core.home import home

    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (home() / "mlflow.db").exists()
