"""What each model-based score needs: which files, from where, under which licence."""

from dataclasses import dataclass

TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json")


@dataclass(frozen=True, slots=True)
class Origin:
    """The weights of one model.

    Attributes
    ----------
    scores : tuple of str
        Names of the scores that the model gives.
    files : tuple of tuple of str
        Files below the folder; of each inner tuple at least one, the preferred first.
    source, licence : str
        Where to get them, and what to agree to.
    """

    scores: tuple[str, ...]
    files: tuple[tuple[str, ...], ...]
    source: str
    licence: str


def _below(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


ORIGINS = {
    "bertscore": Origin(
        ("bertscore",),
        (("config.json",), TOKENIZER, ("model.safetensors", "pytorch_model.bin")),
        "Hugging Face distilbert/distilroberta-base",
        "Apache-2.0",
    ),
    "chexbert": Origin(
        ("sembscore", "chexbert_f1"),
        (("config.json",), TOKENIZER, ("chexbert.safetensors", "chexbert.pth")),
        "Hugging Face StanfordAIMI/RRG_scorers (chexbert.pth) and google-bert/bert-base-uncased (config, tokenizer)",
        "MIT, and Apache-2.0",
    ),
    "radgraph": Origin(
        ("radgraph_f1",),
        (
            ("config.json",),
            ("weights.th",),
            ("vocabulary/non_padded_namespaces.txt",),
            ("encoder/config.json",),
            _below("encoder", *TOKENIZER),
        ),
        "Hugging Face StanfordAIMI/RRG_scorers (radgraph.tar.gz, unpacked) and, in encoder/, config and tokenizer of "
        "the encoder that its config.json names",
        "MIT as that repository states; the model was trained on RadGraph, credentialed data of PhysioNet",
    ),
    "ratescore": Origin(
        ("ratescore",),
        (
            ("entities/config.json",),
            _below("entities", *TOKENIZER),
            ("entities/model.safetensors",),
            ("synonyms/config.json",),
            _below("synonyms", *TOKENIZER),
            ("synonyms/model.safetensors",),
        ),
        "Hugging Face Angelakeke/RaTE-NER-Deberta (in entities/) and FremyCompany/BioLORD-2023-C (in synonyms/)",
        "MIT, and the IHTSDO and NLM licences (UMLS, SNOMED CT)",
    ),
    "green": Origin(
        ("green",),
        (("config.json",), TOKENIZER, ("model.safetensors", "model.safetensors.index.json")),
        "Hugging Face StanfordAIMI/GREEN-radllama2-7b",
        "Llama 2 Community License",
    ),
}


def needed(model: str) -> str:
    """Return the sentence that says what to get, from where, under which licence."""
    origin = ORIGINS[model]
    files = ", ".join(" or ".join(names) for names in origin.files)
    return f"{model} needs {files}: get them from {origin.source} (licence: {origin.licence})."
