"""The whole of `params.yaml` as one model: the one source of defaults, checks and of the form in the UI."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from unirg_core.families import STANDARDISED, TRUTH_SCORES, WITH_TRUTH, refusal
from unirg_core.params.devices import Generation, Launch, uneven
from unirg_core.params.section import Count, Section, Share
from unirg_core.params.severities import EXPECTATIONS, Severity, unknown_severity
from unirg_core.params.watching import Alarms, Resampling, Validated

SOURCES = ("phantom", "folder", "openi", "mimic_cxr", "chexpert_plus", "rexgradient")
"""Where studies can come from: drawn, a hospital's own drop, or a published set in its publisher's layout."""

DEVELOPMENT_WORLDS = range(1000)
"""Generator seeds that anything may be tried on."""

CONFIRMING_WORLDS = range(1000, 2000)
"""Generator seeds kept for the protocol that confirms a claim: nothing is ever tuned on them."""

_CONFIRMING = f"worlds {CONFIRMING_WORLDS.start} to {CONFIRMING_WORLDS.stop - 1}"

BASE_WORLD = 9000
"""The neutral population that the embedded base model is pretrained on."""


_BETTER_LOW = ("radcliq",)
Schedule = Literal["linear", "cosine", "constant"]


class Phantom(Section):
    """The drawn world: three institutions, the third only tested."""

    world: Annotated[int, Field(ge=0, description="Generator seed of a development world, 0 to 999")] = 0
    confirming: bool = Field(
        False, description="Open a world kept for the confirming run; benchmarks/claim.py alone does (docs/claim.md)"
    )
    patients: Annotated[int, Field(ge=6, description="Patients over the three institutions")] = 2400
    image_size: Annotated[int, Field(ge=64, le=4096, description="Side of the drawn DICOM image in pixels")] = 256

    @model_validator(mode="after")
    def _leaves_confirming_worlds_alone(self) -> "Phantom":
        if self.confirming and self.world not in CONFIRMING_WORLDS:
            raise ValueError(f"world {self.world} confirms nothing: {_CONFIRMING} are kept for that (docs/claim.md)")
        if not self.confirming and self.world not in DEVELOPMENT_WORLDS:
            raise ValueError(
                f"world {self.world} is none to develop on: take one below {DEVELOPMENT_WORLDS.stop} "
                f"({_CONFIRMING} are kept for the confirming run, docs/claim.md)"
            )
        return self


class Split(Section):
    """Who is trained on and who is tested (docs/data-versions.md): whole patients only."""

    held_out: tuple[str, ...] = Field(("phantom-c",), description="Institutions that are only tested")
    validation: Share = Field(0.05, description="Share of patients held out to choose checkpoints by")
    test: Share = Field(0.15, description="Share of the training institutions' patients kept for the test")
    policy: tuple[Literal["frozen", "publisher", "held_out", "hash"], ...] = Field(
        ("frozen", "publisher", "held_out", "hash"), description="Rules; the first that applies decides a patient"
    )
    frozen: dict[str, str] = Field(
        default_factory=dict, description="Name of a frozen test set -> CSV of its ids (docs/data-versions.md)"
    )
    test_set: str = Field(
        "own", pattern=r"^[a-z0-9][a-z0-9._-]*$", description="Set that newly drawn test patients join; new at renewal"
    )
    retired: tuple[str, ...] = Field((), description="Test sets that are no longer tested on, nor ever trained on")
    clash: Literal["refuse", "leave_out"] = Field(
        "refuse", description="What to do about patients to be tested on who were trained on before"
    )

    @model_validator(mode="after")
    def _ends_with_the_hash(self) -> "Split":
        if len(set(self.policy)) < len(self.policy) or self.policy[-1:] != ("hash",):
            raise ValueError("policy must name each rule once and end with hash, which always applies")
        if self.test_set in self.retired:
            raise ValueError(f"test_set {self.test_set} is retired; name a new set for newly drawn patients")
        return self

    @model_validator(mode="after")
    def _leaves_training_data(self) -> "Split":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on; lower one of them")
        return self


class Deid(Section):
    """What is done with identifiers beyond what is always removed (docs/deidentification.md)."""

    dates: Literal["shift", "tag"] = Field(
        "shift", description="Full dates of a text: moved as the patient's days are, or [DATE]"
    )
    day_first: bool = Field(False, description="Read 03/04/2019 as 3 April where nothing else tells")
    burned_in: Literal["refuse", "flag"] = Field(
        "refuse", description="Pictures whose header declares burned-in annotation or a secondary capture"
    )


class Dask(Section):
    """Where the Dask workers are (ingest.executor dask; docs/scale.md)."""

    address: str | None = Field(
        None,
        pattern=r"^(tcp|tls)://\S+:\d+$",
        description="Scheduler of a cluster, as tls://10.0.0.5:8786; empty: processes of this machine",
    )


class Ingest(Section):
    """From a drop to de-identified shards."""

    source: Literal[SOURCES] = Field("phantom", description="Where studies come from (docs/sources/)")
    path: str | None = Field(None, description="Folder or s3://bucket/prefix of the data (every source but phantom)")
    mapping: str | None = Field(
        None, description="YAML file that names the table's columns; default: mapping.yaml in the drop"
    )
    draw: bool = Field(
        False, description="Source openi: draw each picture from the labels of its report (docs/openi-cpu.md)"
    )
    image_size: Annotated[int, Field(ge=32, le=2048, description="Longer side of the stored picture in pixels")] = 64
    lateral: bool = Field(False, description="Keep each study's first lateral picture in the shards' column `lateral`")
    file_seconds: Annotated[float, Field(gt=0, description="Computing time after which a file is given up")] = 4.0
    processes: Annotated[int, Field(ge=1, le=256, description="Processes that decode side by side")] = 2
    executor: Literal["processes", "dask"] = Field("processes", description="Who decodes: this machine's, or a cluster")
    dask: Dask = Dask()
    shard_mb: Annotated[int, Field(ge=1, le=256, description="Largest size of a shard in MB")] = 256
    policy: str = Field("synthetic", min_length=1, description="Consent or legal basis of the data, by id")
    deid: Deid = Deid()
    series: str = Field(
        "main", min_length=1, description="Line of versions that the dataset goes on; a new name starts a line anew"
    )
    merges: str | None = Field(None, description="CSV of patients who turned out to be one (docs/data-versions.md)")
    withdrawn: str | None = Field(None, description="CSV of patients whose studies are taken out for good")
    compact: Share = Field(
        0.0, description="Rewrite shards that hold less than this share of shard_mb in use; 0: leave all as they are"
    )
    phantom: Phantom = Phantom()
    split: Split = Split()

    @model_validator(mode="after")
    def _path_fits_source(self) -> "Ingest":
        if self.draw and self.source != "openi":
            raise ValueError(f"draw is for source openi alone, and this is {self.source}; leave draw out")
        if self.source == "phantom":
            if self.path:
                raise ValueError("source phantom is drawn and takes no path; leave path out or set source: folder")
            return self
        if not self.path:
            raise ValueError(f"source {self.source} needs a path; give --path")
        if self.mapping and self.source != "folder":
            raise ValueError(f"source {self.source} has a layout of its own and takes no mapping; leave mapping out")
        if self.policy == "synthetic":
            data = "a drop" if self.source == "folder" else self.source
            raise ValueError(
                f"policy says synthetic, but {data} is not; name its consent or legal basis, as "
                "--set ingest.policy=IRB-2026-17"
            )
        return self

    @property
    def kind(self) -> str:
        """The name under which the data stands: what is drawn never passes for what was photographed."""
        return f"{self.source}-drawn" if self.draw else self.source


class Version(Section):
    """Where the dataset is kept."""

    remote: str | None = Field(
        None, description="DVC remote (folder or s3:// address); default: a folder under UNIRG_HOME"
    )
    endpoint: str | None = Field(
        None, pattern=r"^https?://[^\s@]+$", description="Address of an S3 server that is not Amazon's"
    )
    push: bool = Field(True, description="Push to the remote when the data is versioned")
    looks: Count = Field(20, description="Evaluations after which a test set is due for renewal")


class Drift(Section):
    """When a feature counts as drifted: over its threshold, and over what chance alone gives (docs/validation.md)."""

    psi: Annotated[float, Field(gt=0, description="Population stability index")] = 0.2
    ks: Annotated[float, Field(gt=0, le=1, description="Kolmogorov-Smirnov statistic")] = 0.1
    jensen_shannon: Annotated[float, Field(gt=0, le=1, description="Jensen-Shannon distance, base 2")] = 0.1
    chance: Annotated[float, Field(gt=0, lt=0.5, description="Risk that chance alone counts, a comparison")] = 0.001
    minimum_studies: Count = Field(20, description="Fewer studies on either side are not compared")


Bounds = tuple[Share, Share]


class Validate(Section):
    """What a dataset must hold before anything is trained on it (docs/validation.md)."""

    minimum_studies: Count = Field(24, description="Fewest usable training studies; fewer stop the run")
    minimum_report_words: Annotated[int, Field(ge=0)] = 2
    maximum_section_words: Count = Field(2000, description="Longest findings or impression")
    minimum_english: Share = Field(0.2, description="Least share of words of a short list of English ones; 0: any text")
    minimum_image_side: Count = Field(16, description="Shorter side of the stored picture in pixels")
    maximum_saturated: Share = 0.9
    minimum_image_std: Annotated[float, Field(ge=0)] = 2.0
    near_copy_bits: Annotated[
        int, Field(ge=0, le=24, description="Bits of 256 in which the hashes of two copies of a picture may differ")
    ] = 8
    leak_report_words: Count = Field(80, description="Words from which an equal report is a copy, not a template")
    maximum_phi: Share = Field(0.05, description="Share of reports that still hold an identifier; more stop the run")
    minimum_prevalence: Share = Field(0.01, description="Share of training studies below which a label is warned of")
    maximum_prevalence: Share = Field(0.95, description="Share of training studies above which a label is warned of")
    prevalence: dict[str, Bounds] = Field({}, description="Label -> its own least and greatest share")
    minimum_for_shares: Count = Field(50, description="Fewer reports of an institution say nothing about its templates")
    maximum_repeated: Share = Field(0.5, description="Share of an institution's reports that are equal up to numbers")
    maximum_commonest: Share = Field(0.1, description="Share of an institution's commonest report")
    severity: dict[str, Severity] = Field({}, description="Expectation -> stop, quarantine or warn instead")
    drift: Drift = Drift()

    @field_validator("severity")
    @classmethod
    def _is_of_an_expectation(cls, severity: dict[str, Severity]) -> dict[str, Severity]:
        for name, level in severity.items():
            if reason := unknown_severity(name, level):
                raise ValueError(reason)
        return severity

    @field_validator("prevalence")
    @classmethod
    def _bounds_labels(cls, prevalence: dict[str, Bounds]) -> dict[str, Bounds]:
        if prevalence:
            from unirg_core.study import LABELS  # it loads pyarrow, which only who sets this needs

            for name, (least, greatest) in prevalence.items():
                if name not in LABELS:
                    raise ValueError(f"{name} is no label; the labels are: {', '.join(LABELS)}")
                if least > greatest:
                    raise ValueError(f"the least share of {name}, {least:g}, is above its greatest, {greatest:g}")
        return prevalence

    def severity_of(self, name: str) -> Severity:
        """Return how bad it is that an expectation is not met."""
        return self.severity.get(name) or EXPECTATIONS[name][0]


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
    prior: Literal["none", "report", "image_and_report"] = Field(
        "none", description="What is shown of the patient's prior study (docs/models.md)"
    )
    output: Literal["plain", "think_answer"] = Field(
        "plain", description="plain: the report; think_answer: the report and its labels in tags (docs/models.md)"
    )
    image_size: Annotated[int, Field(ge=32, le=2048, description="The processor's square, in pixels")] = 64
    max_new_tokens: Count = 128
    temperature: Annotated[
        float, Field(ge=0, le=2, description="Of the reports that are written; 0, as the paper: the likeliest words")
    ] = 0.0
    freeze_vision: bool = True
    lora: Lora | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    threads: Annotated[int, Field(ge=0, description="CPU threads; fixed, so that sums come out equal. 0: all")] = 2


class Sft(Validated):
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
    loss: Literal["dapo", "grpo", "dr_grpo", "bnpo"] = Field(
        "dapo", description="What the loss averages over: all tokens, each completion, a fixed length, a batch's tokens"
    )
    curriculum: Literal["none", "abnormal_first", "simple_first", "rare_more"] = Field(
        "none", description="Order of the prompts (docs/training.md)"
    )
    resample_zero_spread: Resampling | None = Field(
        None, description="Put further prompts in the place of groups whose rewards are all equal"
    )
    reward: dict[str, float] = Field(description="Score name -> weight")
    weights: Literal["raw", "standardised"] = Field(
        "raw", description="Weigh scores as they are, or RadCliQ's four parts less its mean, over its scale"
    )

    @model_validator(mode="after")
    def _rewards_something(self) -> "RlStep":
        if not self.reward or not any(self.reward.values()):
            raise ValueError("reward is empty; name at least one score with a weight that is not zero")
        for name, weight in self.reward.items():
            if weight and (weight < 0) != (name in _BETTER_LOW):
                better, side = ("lower", "below") if name in _BETTER_LOW else ("higher", "above")
                raise ValueError(
                    f"reward.{name} = {weight:g} would train the model to be wrong, since {name} is the better the "
                    f"{better}; give a weight {side} zero"
                )
        if self.weights == "standardised" and not any(self.reward.get(name) for name in STANDARDISED):
            raise ValueError(
                "weights: standardised changes nothing, because no rewarded score has a published mean and scale "
                f"({', '.join(STANDARDISED)} have); reward one of them or set weights: raw"
            )
        if self.clip_high < self.clip_low:
            raise ValueError("clip_high is below clip_low; the recipe raises the upper clip (clip-higher)")
        return self


class Rl(Validated):
    """Two GRPO steps (arXiv 2601.17151): the scores, then the scores and an error count with KL to step 1."""

    step1: RlStep = RlStep(steps=100, beta=0.05, advantage="none", reward={"micro_gain": 0.5, "well_formed": 0.5})
    step2: RlStep | None = RlStep(
        steps=25,
        learning_rate=2e-4,
        beta=0.1,
        advantage="none",
        reward={"micro_gain": 0.5, "well_formed": 0.5, "error_count": 0.1},
    )
    micro_batch: Count | None = Field(
        None, description="Completions a process learns from at once; the rest is accumulated. Default: its share"
    )
    generation: Generation = Generation()
    checkpoint_steps: Count = 10
    score_processes: Annotated[int, Field(ge=0, le=64, description="Processes for scores that compute long")] = 0
    select_by: str = Field("reward", description="reward, or the score by which select and patience judge")
    keep_completions_every: Annotated[
        int, Field(ge=0, description="Steps between those whose completions are kept in the run's folder; 0: none")
    ] = 25
    alarms: Alarms | None = Field(Alarms(), description="Bounds that stop a run that collapses; null: none")


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
        description="One name a line of champions; default: unirg-cxr, with -phantom or -openi-drawn for drawn data",
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
        drawn = f"-{self.ingest.kind}" if self.ingest.kind in WITH_TRUTH else ""
        return self.register_.name or f"unirg-cxr{drawn}"

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
