"""What an auditor asks of a run and of the model that came out of it."""
