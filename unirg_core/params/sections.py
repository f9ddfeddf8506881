"""The whole of `params.yaml` as one model: the one source of defaults, checks and of the form in the UI."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from unirg_core.families import STANDARDISED, TRUTH_SCORES, WITH_TRUTH, refusal
from unirg_core.params.devices import Generation, Launch, uneven
from unirg_core.params.section import Count, Section, Share

CONFIRMING_WORLDS = range(1000, 2000)
"""Generator seeds kept for the protocol that confirms a claim: nothing is ever tuned on them."""

BASE_WORLD = 9000
"""The neutral population that the embedded base model is pretrained on."""


Schedule = Literal["linear", "cosine", "constant"]


class Phantom(Section):
    """The drawn world: three institutions, the third only tested."""

    world: Annotated[int, Field(ge=0, le=999, description="Generator seed of a development world")] = 0
    patients: Annotated[int, Field(ge=6, description="Patients over the three institutions")] = 2400
    image_size: Annotated[int, Field(ge=64, le=4096, description="Side of the drawn DICOM image in pixels")] = 256


class Split(Section):
    """Who is trained on and who is tested (DESIGN.md, `split.policy`): whole patients only."""

    held_out: tuple[str, ...] = Field(("phantom-c",), description="Institutions that are only tested")
    validation: Share = Field(0.05, description="Share of patients held out to choose checkpoints by")
    test: Share = Field(0.15, description="Share of the training institutions' patients kept for the test")

    @model_validator(mode="after")
    def _leaves_training_data(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on; lower one of them")
        return self


class Ingest(Section):
    """From a drop to de-identified shards."""

    source: Literal["phantom", "folder"] = Field("phantom", description="Where studies come from")
    path: str | None = Field(None, description="Folder of the drop (source folder)")
    mapping: str | None = Field(
        None, description="YAML file that names the table's columns; default: mapping.yaml in the drop"
    )
    image_size: Annotated[int, Field(ge=32, le=2048, description="Longer side of the stored picture in pixels")] = 64
    processes: Annotated[int, Field(ge=1, le=256, description="Processes that decode side by side")] = 2
    shard_mb: Annotated[int, Field(ge=1, le=256, description="Largest size of a shard in MB")] = 256
    policy: str = Field("synthetic", min_length=1, description="Consent or legal basis of the data, by id")
    phantom: Phantom = Phantom()
    split: Split = Split()

    @model_validator(mode="after")
    def _path_fits_source(self) -> "Ingest":
        if self.source == "folder" and not self.path:
            raise ValueError("source folder needs a path; give --path")
        if self.source == "phantom" and self.path:
            raise ValueError("source phantom is drawn and takes no path; leave path out or set source: folder")
        if self.source == "folder" and self.policy == "synthetic":
            raise ValueError(
                "policy says synthetic, but a drop is not; name its consent or legal basis, as "
                "--set ingest.policy=IRB-2026-17"
            )
        return self


class Version(Section):
    """Where the dataset is kept."""

    remote: str | None = Field(
        None, description="DVC remote (folder or s3:// address); default: a folder under UNIRG_HOME"
    )
    push: bool = Field(True, description="Push to the remote when the data is versioned")


class Drift(Section):
    """Thresholds over which a feature counts as drifted from the previous dataset."""

    psi: Annotated[float, Field(gt=0)] = 0.2
    ks: Annotated[float, Field(gt=0, le=1)] = 0.1
    jensen_shannon: Annotated[float, Field(gt=0, le=1)] = 0.1


class Validate(Section):
    """What a dataset must hold before anything is trained on it."""

    minimum_studies: Count = Field(24, description="Fewest usable training studies; fewer stop the run")
    minimum_report_words: Annotated[int, Field(ge=0)] = 2
    maximum_saturated: Share = 0.9
    minimum_image_std: Annotated[float, Field(ge=0)] = 2.0
    maximum_phi: Share = Field(0.05, description="Share of reports that still hold an identifier; more stop the run")
    minimum_prevalence: Share = Field(0.01, description="Share of training studies below which a label is warned of")
    drift: Drift = Drift()


class Lora(Section):
    """Low-rank adapter instead of full fine-tuning."""

    rank: Count = 16
    alpha: Count = 32
    dropout: Share = 0.0
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")


class Model(Section):
    """The vision-language model and how it is asked."""

    base: str = Field("unirg-tiny", min_length=1, description="unirg-tiny, champion, a folder, or a Hugging Face id")
    revision: str | None = Field(None, description="Commit of a Hugging Face id")
    prompt: Literal["short", "paper"] = Field(
        "short", description="short for tiny models; paper: the text of arXiv 2601.17151"
    )
    image_size: Annotated[int, Field(ge=32, le=2048, description="The processor's square, in pixels")] = 64
    max_new_tokens: Count = 128
    freeze_vision: bool = True
    lora: Lora | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    threads: Annotated[int, Field(ge=0, description="CPU threads; fixed, so that sums come out equal. 0: all")] = 2


class Sft(Section):
    """Supervised fine-tuning (paper: lr 5e-5, batch 256, 3 epochs at 8B)."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    batch_size: Count = Field(32, description="Studies an optimiser step, over all processes")
    micro_batch: Count | None = Field(
        None, description="Studies a process takes at once; the rest is accumulated. Default: its share of the batch"
    )
    steps: Annotated[int, Field(ge=0, description="Optimiser steps; 0: take epochs")] = 300
    epochs: Annotated[float, Field(ge=0, description="Passes over the training studies; 0: no SFT at all")] = 3.0
    warmup_share: Share = 0.05
    schedule: Schedule = Field("cosine", description="Decay of the learning rate to zero")
    checkpoint_steps: Count = Field(50, description="Steps between checkpoints; a killed run goes on from the last")


class RlStep(Section):
    """One GRPO step of the recipe."""

    steps: Annotated[int, Field(ge=0, description="Optimiser steps; 0: take epochs")]
    epochs: Annotated[float, Field(gt=0, description="Passes over the training studies")] = 1.0
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 6e-4
    warmup_share: Share = Field(0.1, description="Share of the steps in which the learning rate rises from zero")
    schedule: Schedule = Field("linear", description="Decay of the learning rate to zero")
    prompts: Count = Field(16, description="Prompts a step")
    rollouts: Annotated[int, Field(ge=2, description="Completions a prompt")] = 8
    clip_low: Annotated[float, Field(gt=0, lt=1)] = 0.20
    clip_high: Annotated[float, Field(gt=0, lt=1)] = 0.28
    beta: Annotated[float, Field(ge=0, description="KL against the policy that this step starts from")] = 0.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    advantage: Literal["group", "none"] = Field(
        "group", description="Standard deviation that advantages are divided by"
    )
    reward: dict[str, float] = Field(description="Score name -> weight")
    weights: Literal["raw", "standardised"] = Field(
        "raw", description="Weigh scores as they are, or RadCliQ's four parts less its mean, over its scale"
    )

    @model_validator(mode="after")
    def _rewards_something(self) -> "RlStep":
        if not self.reward or not any(self.reward.values()):
            raise ValueError("reward is empty; name at least one score with a weight that is not zero")
        if self.weights == "standardised" and not any(self.reward.get(name) for name in STANDARDISED):
            raise ValueError(
                "weights: standardised changes nothing, because no rewarded score has a published mean and scale "
                f"({', '.join(STANDARDISED)} have); reward one of them or set weights: raw"
            )
        if self.clip_high < self.clip_low:
            raise ValueError("clip_high is below clip_low; the recipe raises the upper clip (clip-higher)")
        return self


class Rl(Section):
    """Two GRPO steps (arXiv 2601.17151): the scores, then the scores and an error count with KL to step 1."""

    step1: RlStep = RlStep(steps=75, reward={"finding_credit": 1.0, "well_formed": 0.5})
    step2: RlStep | None = RlStep(
        steps=25, beta=0.03, learning_rate=3e-4, reward={"finding_credit": 1.0, "well_formed": 0.5, "error_count": 0.5}
    )
    micro_batch: Count | None = Field(
        None, description="Completions a process learns from at once; the rest is accumulated. Default: its share"
    )
    generation: Generation = Generation()
    checkpoint_steps: Count = 10
    score_processes: Annotated[int, Field(ge=0, le=64, description="Processes for scores that compute long")] = 0


class Judge(Section):
    """A language model that counts errors, behind any OpenAI-compatible endpoint (docs/judge.md)."""

    base_url: str = Field(description="Address of the endpoint, as http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="The model's name there")
    key_variable: str | None = Field(
        None, description="Environment variable that holds the key; a local one needs none"
    )
    concurrency: Annotated[int, Field(ge=1, le=256, description="Questions under way at once, a process")] = 8
    timeout: Annotated[float, Field(gt=0, description="Seconds that a try may take")] = 60.0
    retries: Annotated[int, Field(ge=0, le=20, description="Further tries of a question that has failed")] = 5
    answer_tokens: Count = Field(512, description="Longest answer in tokens; an answer that is cut off stops the run")
    price_in: Annotated[float, Field(ge=0, description="Price of a million tokens sent")] = 0.0
    price_out: Annotated[float, Field(ge=0, description="Price of a million tokens answered")] = 0.0
    maximum_calls: Count = Field(10_000, description="Questions that a run may ask; what is known already is free")
    maximum_cost: Annotated[float, Field(gt=0)] | None = Field(None, description="What a run may spend, in that money")
    errors: Literal["all", "significant"] = Field("all", description="Errors that lower the score")
    allow_external: bool = Field(False, description="Let report text go to a host that is not loopback or private")

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is none
        if parts.username or parts.password or parts.query:
            raise ValueError("an address holds no user, password or query; name the key's variable in key_variable")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give an address that starts with http:// or https://, as http://127.0.0.1:8000/v1")
        return address

    @field_validator("key_variable")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):  # never repeat it: it may be a key
            raise ValueError("give the name of an environment variable in capitals, as JUDGE_KEY, never the key itself")
        return name

    @model_validator(mode="after")
    def _can_count_money(self) -> "Judge":
        if self.maximum_cost is not None and not (self.price_in or self.price_out):
            raise ValueError("maximum_cost needs the prices price_in and price_out of a million tokens")
        return self


class ScorerService(Section):
    """A scorer service over HTTP, `unirg scorer serve` (docs/model-scores.md)."""

    url: str = Field(pattern=r"^https?://[^\s/]+", description="Where it answers, as http://127.0.0.1:8900")
    timeout: Annotated[float, Field(gt=0, description="Seconds to wait for one answer")] = 600.0
    scores: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None] = Field(
        min_length=1, description="Score -> digest of its weights (GET /scores tells it); null for a score by rules"
    )


class SentenceModel(Section):
    """A sentence-transformers model for the score `semantic`."""

    folder: str = Field(description="Where its files lie")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="Over its files; another is refused and told")


class Scores(Section):
    """Scores that need to be set up; those that need nothing are always there."""

    judge: Judge | None = None
    service: ScorerService | None = None
    semantic: SentenceModel | None = None


class Evaluate(Section):
    """What is measured on the frozen test sets."""

    scores: tuple[str, ...] = Field(
        ("labels_f1", "bleu2", "rouge_l", "well_formed"),
        description="Scores a report against its reference",
        min_length=1,
    )
    batch_size: Count = 64
    maximum_studies: Annotated[int, Field(ge=0, description="Test studies a subset, taken by keyed order; 0: all")] = 0
    resamples: Annotated[int, Field(ge=100, description="Bootstrap resamples of patients")] = 2000
    level: Annotated[float, Field(gt=0.5, lt=1, description="Confidence level of the intervals")] = 0.95


class Rule(Section):
    """One rule of the gate: a score of the RL model on a subset, alone or less another system's."""

    score: str = Field(min_length=1, description="A column of the evaluation, as truth_micro_f1 or rouge_l")
    subset: Literal["in_domain", "held_out", "all"]
    against: Literal["absolute", "base", "sft", "champion", "template"] = "absolute"
    at_least: float = Field(
        description="Bound of the value, or of the difference (negative: a margin of non-inferiority)"
    )
    by: Literal["value", "lower"] = Field("lower", description="Compare the value, or the interval's lower end")


class Gate(Section):
    """Rules that a model must pass; one of them always judges by a score that was not in the reward."""

    minimum_patients: Count = Field(50, description="Fewer test patients in a subset make its verdict inconclusive")
    rules: tuple[Rule, ...] = Field(min_length=1)


class Approve(Section):
    """Who says yes."""

    mode: Literal["auto", "ask"] = Field("auto", description="auto is recorded as such; ask waits for a person")
    wait_hours: Annotated[float, Field(gt=0)] = 72.0


class Register(Section):
    """Under which name the model is registered."""

    name: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="One name a line of champions; default: unirg-cxr-phantom for drawn data, else unirg-cxr",
    )


class Params(Section):
    """All parameters of a run."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    launch: Launch = Launch()
    ingest: Ingest = Ingest()
    version: Version = Version()
    validate_: Validate = Field(Validate(), alias="validate")  # pydantic's own `validate` is in the way
    model: Model = Model()
    sft: Sft = Sft()
    rl: Rl = Rl()
    scores: Scores = Scores()
    evaluate: Evaluate = Evaluate()
    gate: Gate
    approve: Approve = Approve()
    register_: Register = Field(Register(), alias="register")

    @property
    def model_name(self) -> str:
        """Return the name to register under: a drawn world's champion is never compared with a hospital's."""
        return self.register_.name or ("unirg-cxr-phantom" if self.ingest.source in WITH_TRUTH else "unirg-cxr")

    @model_validator(mode="after")
    def _divides_its_batches(self) -> "Params":
        if reason := uneven(self):
            raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _judges_by_what_is_evaluated(self) -> "Params":
        known = (*self.evaluate.scores, *TRUTH_SCORES)
        for number, rule in enumerate(self.gate.rules):
            if rule.score not in known:
                raise ValueError(
                    f"gate.rules.{number}.score = {rule.score} is not evaluated; name one of {', '.join(known)}, "
                    "or add it to evaluate.scores"
                )
        return self

    @model_validator(mode="after")
    def _holds_a_score_out(self) -> "Params":
        if reason := refusal(self):
            raise ValueError(reason)
        return self
