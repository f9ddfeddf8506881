"""A language model as judge: CheXprompt's six types of error, counted through any OpenAI-compatible endpoint.

The score is 1 / (errors + 1), the reward that the second RL step of arXiv 2601.17151 adds. Departures from CheXprompt:
the prompt is ours, the answer is bound to a schema, and a wrong direction of change counts once, under E.
docs/judge.md says what it costs, what leaves the house and where it errs.
"""

from unirg_core.scores.judge.answer import ERRORS, Judgement, table
from unirg_core.scores.judge.batch import Judge, JudgeFault

__all__ = ["ERRORS", "Judge", "JudgeFault", "Judgement", "table"]
