"""Model-based scores and the service that serves them: an adapter each around RadEval, in an environment of its own.

Nothing of the training stack imports this package. `unirg scorer serve` runs it in the environment of
`infra/clinical.txt`; the core asks the service through `unirg_core.scores.service`.
"""
