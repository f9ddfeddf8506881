"""Scores of a scorer service (`unirg scorer serve`) as if they were in process: name -> pure batched function.

A run pins what it was scored with: the digest of each model's weights is checked when the names are read and again
with every answer, so that a service restarted with other weights stops the run. A failure is retried, then raised;
nothing that came over the wire passes as a number unless it is finite, and no failed score is a zero.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.params import Scores
from unirg_core.scores.radcliq import PROVIDED, composite
from unirg_core.scores.reward import Score, ScoreFault

_BACKOFF_SECONDS = 0.5
_LARGEST = sys.float_info.max
_CHECK_SECONDS = 30.0
_PASSING = (502, 503, 504)  # a proxy's or a starting server's; 500 is a score that failed, and fails again


class NotServed(BadInput, KeyError):
    """A score that the service does not give: a sentence for a person, a missing key for a mapping."""

    __str__ = Exception.__str__  # a KeyError puts its sentence in quotes


class Service(Mapping[str, Score]):
    """The scores that a service serves.

    Parameters
    ----------
    url
        Where it answers, as http://127.0.0.1:8900.
    pins
        Score -> digest of its weights, as GET /scores tells; None for a score by rules. With pins, only their scores
        are here; without, all that are served.
    timeout
        Seconds to wait for one answer.
    retries
        Further tries, 0, 1, 2, 4 ... seconds apart, where the service cannot be reached or says that it is not ready.
        An answer that does not come in time is waited for once more.
    """

    def __init__(
        self, url: str, pins: Mapping[str, str | None] | None = None, timeout: float = 600.0, retries: int = 5
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise BadInput(f"scores.service.url = {url!r} will not do: it must begin with http:// or https://.")
        self.url, self.timeout, self.retries = url.rstrip("/"), timeout, retries
        self._pins = None if pins is None else dict(pins)

    def __getitem__(self, name: str) -> Score:
        if name not in self._digests:
            raise NotServed(f"{self.url} gives no {name}; it gives {', '.join(sorted(self._digests))}.")

        def score(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
            return self._score(name, candidates, references)

        score.place = "service"  # training waits for it in a thread (unirg_core.training.rewards)
        return score

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)

    def check(self) -> None:
        """Ask for the names once, neither again nor as long as for a score.

        Raises
        ------
        BadInput
            When the service does not answer, or serves other weights than those pinned.
        """
        _ = Service(self.url, self._pins, min(self.timeout, _CHECK_SECONDS), 0)._digests

    @cached_property
    def _listing(self) -> Mapping[str, Any]:
        told = self._ask("GET", "/scores")
        if not isinstance(told.get("scores"), dict) or not isinstance(told.get("pairs"), int) or told["pairs"] < 1:
            raise ScoreFault(f"{self.url}/scores does not answer as a scorer service; check scores.service.url.")
        return told

    @cached_property
    def _digests(self) -> dict[str, str | None]:
        """Names and digests of the weights, as served and as pinned: the two agree."""
        served = {name: entry.get("digest") for name, entry in self._listing["scores"].items()}
        for name, pinned in (self._pins or {}).items():
            if name not in served:
                raise BadInput(f"{self.url} does not serve {name}; it serves {', '.join(sorted(served))}.")
            if served[name] != pinned:
                raise BadInput(
                    f"{self.url} serves {name} with weights {served[name]}, but scores.service.scores.{name} pins "
                    f"{pinned}; start the service with the pinned weights, or pin these."
                )
        return served if self._pins is None else {name: served[name] for name in self._pins}

    @cached_property
    def _session(self) -> Any:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        # A score is a pure function, so that asking twice does no harm.
        retry = Retry(
            self.retries, read=min(1, self.retries), redirect=0, backoff_factor=_BACKOFF_SECONDS,
            status_forcelist=_PASSING, allowed_methods=None, raise_on_status=False,
        )  # fmt: skip
        session = requests.Session()
        session.trust_env = False  # a proxy of the environment has no business with reports
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        return session

    def _score(self, name: str, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        if len(candidates) != len(references):
            raise BadInput(f"There are {len(candidates)} candidates but {len(references)} references; give one each.")
        most = self._listing["pairs"]
        parts = [
            self._part(name, begin, list(candidates[begin : begin + most]), list(references[begin : begin + most]))
            for begin in range(0, len(candidates), most)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def _part(self, name: str, begin: int, candidates: list[str], references: list[str]) -> np.ndarray:
        asked = {"score": name, "candidates": candidates, "references": references}
        told = self._ask("POST", "/score", asked, begin)
        if told.get("digest") != self._digests[name]:
            raise ScoreFault(
                f"{self.url} now scores {name} with weights {told.get('digest')}, but began with "
                f"{self._digests[name]}; start it with the same weights and run again."
            )
        return finite(told.get("values"), len(candidates), f"{name} of {self.url}", begin)

    def _ask(self, method: str, path: str, body: Any = None, begin: int = 0) -> Mapping[str, Any]:
        import requests

        name = body["score"] if body else "its scores"
        try:
            answer = self._session.request(method, self.url + path, json=body, timeout=self.timeout)
            told = answer.json()
        except requests.exceptions.JSONDecodeError:
            raise ScoreFault(f"{self.url}{path} ({name}) answered {answer.status_code} without JSON.") from None
        except (requests.exceptions.RequestException, ValueError) as error:
            reason = getattr(error.args[0] if error.args else None, "reason", error)  # urllib3's, below the retries
            late = isinstance(error, requests.exceptions.ReadTimeout) or type(reason).__name__ == "ReadTimeoutError"
            what = "gave no answer in time" if late else "cannot be reached"
            remedy = "raise scores.service.timeout" if late else "start `unirg scorer serve`, or check the address"
            raise ScoreFault(
                f"The scorer service at {self.url} {what}, asked for {name} ({type(reason).__name__}, timeout "
                f"{self.timeout:g} s, retries {self.retries}); {remedy}."
            ) from error
        if answer.status_code != 200 or not isinstance(told, dict):
            raise ScoreFault(self._sentence(answer.status_code, told, name, begin))
        return told

    def _sentence(self, status: int, told: Any, name: str, begin: int) -> str:
        said = told if isinstance(told, dict) else {}
        sample = said.get("sample")
        where = f" at sample {begin + sample}" if isinstance(sample, int) else ""
        return f"The score {name} of {self.url} failed{where} (status {status}): {said.get('error', 'no reason given')}"


def finite(values: Any, count: int, what: str, begin: int = 0) -> np.ndarray:
    """Return what a service sent as an array of `count` finite floats.

    Raises
    ------
    ScoreFault
        When it is anything else; the sentence names the sample.
    """
    if not isinstance(values, list) or len(values) != count:
        sent = f"{len(values)} values" if isinstance(values, list) else type(values).__name__
        raise ScoreFault(f"The score {what} gave {sent} for {count} samples.")
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
            raise ScoreFault(f"The score {what} gave {value!r} for sample {begin + index}.")
    return np.asarray(values, float)


def service_scores(settings: Scores) -> dict[str, Score]:
    """Return the scores of the service that the settings name; none where they name none.

    Where it serves what RadCliQ is made of, `radcliq` is here too: v1, lower is better, with this project's own BLEU-2.

    Raises
    ------
    BadInput
        When a pinned score is not served, or with other weights.
    ScoreFault
        When the service does not answer.
    """
    if settings.service is None:
        return {}
    scores = dict(Service(settings.service.url, settings.service.scores, settings.service.timeout))
    if all(name in scores for name in PROVIDED):
        scores["radcliq"] = composite(scores)
    return scores
