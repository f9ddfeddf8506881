"""The whole of `params.yaml` as one model: the one source of defaults, checks and of the form in the UI."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unirg_core.families import LOWER_IS_BETTER, TRUTH_SCORES, WITH_TRUTH, refusal
from unirg_core.params.addresses import of_http, without_secrets
from unirg_core.params.devices import Launch, uneven
from unirg_core.params.scorers import Scores
from unirg_core.params.section import Count, Section, Share
from unirg_core.params.severities import EXPECTATIONS, Severity, unknown_severity
from unirg_core.params.training import Model, Rl, Sft

SOURCES = ("phantom", "folder", "openi", "mimic_cxr", "chexpert_plus", "rexgradient")
"""Where studies can come from: drawn, a hospital's own drop, or a published set in its publisher's layout."""

DEVELOPMENT_WORLDS = range(1000)
"""Generator seeds that anything may be tried on."""

CONFIRMING_WORLDS = range(1000, 2000)
"""Generator seeds kept for the protocol that confirms a claim: nothing is ever tuned on them."""

_CONFIRMING = f"worlds {CONFIRMING_WORLDS.start} to {CONFIRMING_WORLDS.stop - 1}"

BASE_WORLD = 9000
"""The neutral population that the embedded base model is pretrained on."""

_BOTO = "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name an AWS_PROFILE"


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
        "own",
        pattern=r"^[a-z0-9][a-z0-9._-]*$",
        examples=["own-2"],
        description="Set that newly drawn test patients join; new at renewal",
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
        examples=["tls://10.0.0.5:8786"],
        description="Scheduler of a cluster; empty: processes of this machine",
    )

    @field_validator("address")
    @classmethod
    def _holds_no_secret(cls, address: str | None) -> str | None:
        return address and without_secrets(address, "give a TLS certificate as docs/scale.md says")


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

    @field_validator("path")
    @classmethod
    def _holds_no_secret(cls, path: str | None) -> str | None:
        return path and without_secrets(path, _BOTO)

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
        None, examples=["http://10.0.0.5:9000"], description="Address of an S3 server that is not Amazon's"
    )
    push: bool = Field(True, description="Push to the remote when the data is versioned")
    looks: Count = Field(20, description="Evaluations after which a test set is due for renewal")

    @field_validator("remote")
    @classmethod
    def _holds_no_secret(cls, remote: str | None) -> str | None:
        return remote and without_secrets(remote, _BOTO)

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        return address if address is None else of_http(address, _BOTO, "http://10.0.0.5:9000")


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
    at_least: float | None = Field(
        None, description="Bound of the value, or of the difference (negative: a margin of non-inferiority)"
    )
    at_most: float | None = Field(
        None, description="The bound of a score of which less is better (positive: a margin of non-inferiority)"
    )
    by: Literal["value", "lower"] = Field(
        "lower", description="Compare the value, or the interval's lower end (upper end with at_most)"
    )

    @model_validator(mode="after")
    def _bounds_the_right_side(self) -> "Rule":
        low = self.score in LOWER_IS_BETTER
        wanted, other = ("at_most", "at_least") if low else ("at_least", "at_most")
        if getattr(self, other) is not None:
            better = "lower" if low else "higher"
            raise ValueError(
                f"{other} would ask {self.score} to be bad, which is the better the {better}; set {wanted}"
            )
        if getattr(self, wanted) is None:
            raise ValueError(f"{wanted} is missing; set the bound of {self.score}")
        return self


class Gate(Section):
    """Rules that a model must pass; one of them always judges by a score that was not in the reward."""

    minimum_patients: Count = Field(50, description="Fewer test patients in a subset make its verdict inconclusive")
    rules: tuple[Rule, ...] = Field(min_length=1)


class Approve(Section):
    """Who says yes."""

    mode: Literal["auto", "ask"] = Field("auto", description="auto is recorded as such; ask waits for a person")
    wait_hours: Annotated[
        float, Field(gt=0, le=8760, description="Hours that ask waits; then the model is a candidate alone")
    ] = 72.0


class Register(Section):
    """Under which name the model is registered."""

    name: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        examples=["unirg-cxr"],
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
