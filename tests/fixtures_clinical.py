"""Tiny random weights in the true architectures, written as the published files are laid out; a second or so each."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from unirg_core.files import file_digest

_TEXT = (
    "the heart is enlarged . small left right pleural effusion no pneumothorax lungs are clear , mild edema and "
    "consolidation in lower lobe unchanged since prior study with normal size none"
)
WORDS = _TEXT.split()
ANSWER = (
    "[Explanation]:\nOne finding is missing.\n\n[Clinically Significant Errors]:\n"
    "(b) Missing a finding present in the reference: 1. Effusion\n\n[Clinically Insignificant Errors]:\nNo errors.\n\n"
    "[Matched Findings]:\n3. Heart; lungs; edema"
)
"""What the tiny GREEN says: 3 matched, 1 significant error, so .75."""


def pins(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}


def bertscore(folder: Path) -> Path:
    """RoBERTa of six layers, as distilroberta-base, with a byte-level BPE."""
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([_TEXT], trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    made = RobertaTokenizer(vocab=learned["vocab"], merges=[tuple(pair) for pair in learned["merges"]])
    made.model_max_length = 512
    made.save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=len(made), hidden_size=32, num_hidden_layers=6, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    torch.manual_seed(0)
    RobertaModel(config).save_pretrained(folder)
    return folder


def _word_pieces(folder: Path) -> int:
    """Write an uncased word-piece tokenizer, as BERT's; return the size of its vocabulary."""
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789.,-:")
    pieces = [*special, *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=512,
    )  # fmt: skip
    made.save_pretrained(folder)
    return len(vocabulary)


def _bert(folder: Path):
    """Write and return a BERT's config; at the usual initial scale every text would have the same embedding."""
    from transformers import BertConfig

    size = _word_pieces(folder)
    config = BertConfig(
        vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=512, initializer_range=0.4,
    )  # fmt: skip
    config.save_pretrained(folder)
    return config


def chexbert(folder: Path, safe: bool = True) -> Path:
    """BERT with CheXbert's 13 heads of four and one of two, as `chexbert.safetensors` or as the published `.pth`."""
    from safetensors.torch import save_file
    from transformers import BertModel

    torch.manual_seed(0)
    config = _bert(folder)
    heads = torch.nn.ModuleList([torch.nn.Linear(config.hidden_size, size) for size in [4] * 13 + [2]])
    state = {f"bert.{name}": tensor for name, tensor in BertModel(config).state_dict().items()}
    state |= {f"linear_heads.{name}": tensor for name, tensor in heads.state_dict().items()}
    if safe:
        save_file(state, str(folder / "chexbert.safetensors"))
    else:
        wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
        torch.save({"epoch": 1, "model_state_dict": wrapped}, folder / "chexbert.pth")
    return folder


def radgraph(folder: Path) -> Path:
    """DyGIE++ over a tiny BERT, with the labels of RadGraph; its weights are what RadEval's own class initialises."""
    from unirg_core.clinical import radeval

    (folder / "vocabulary").mkdir(parents=True)
    # The first label is the empty one: "no entity", "no relation".
    (folder / "vocabulary/radgraph__ner_labels.txt").write_text("\nANAT-DP\nOBS-DP\nOBS-DA\nOBS-U\n")
    (folder / "vocabulary/radgraph__relation_labels.txt").write_text("\nmodify\nlocated_at\nsuggestive_of\n")
    (folder / "vocabulary/non_padded_namespaces.txt").write_text("*labels\n*tags\n")
    _bert(folder / "encoder")
    bert = {"type": "pretrained_transformer_mismatched", "model_name": "published/encoder", "max_length": 512}
    off = {"spans_per_word": 0.3, "coref_prop": 0}
    modules = {
        "coref": off,
        "ner": {},
        "relation": {"spans_per_word": 0.5},
        "events": {
            "trigger_spans_per_word": 0.3,
            "argument_spans_per_word": 0.8,
            "loss_weights": {"trigger": 1.0, "arguments": 1.0},
        },
    }
    config = {
        "dataset_reader": {"type": "dygie", "max_span_width": 4, "token_indexers": {"bert": bert}},
        "model": {
            "type": "dygie", "embedder": {"token_embedders": {"bert": bert}}, "initializer": {},
            "module_initializer": {}, "modules": modules, "feature_size": 8, "max_span_width": 4,
            "target_task": "relation", "feedforward_params": {"num_layers": 1, "hidden_dims": 16, "dropout": 0.0},
            "loss_weights": {"ner": 0.2, "relation": 1.0, "coref": 0.0, "events": 0.0},
        },
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    _save_initial_state(radeval.part("metrics.radgraph._vendor.core"), folder)
    return folder


def _save_initial_state(core, folder: Path) -> None:
    """Let RadEval build the model once to learn names and shapes: its loader is asked for an empty state."""
    from unirg_core.clinical.radgraph import _graph

    torch.manual_seed(0)
    torch.save({}, folder / "weights.th")
    made = []
    core.dygie.DyGIE.load_state_dict = lambda model, *_, **__: made.append(model)
    try:
        _graph(folder, "cpu")
    finally:
        del core.dygie.DyGIE.load_state_dict
    torch.save(made[0].state_dict(), folder / "weights.th")


def ratescore(folder: Path) -> Path:
    """A DeBERTa-v2 tagger with RaTE's entity types and a sentence encoder."""
    from transformers import BertModel, DebertaV2Config, DebertaV2ForTokenClassification

    types = ("ABNORMALITY", "NON-ABNORMALITY", "DISEASE", "NON-DISEASE", "ANATOMY")
    tags = ["O", *(f"{place}-{kind}" for kind in types for place in "BI")]
    torch.manual_seed(0)
    size = _word_pieces(folder / "entities")
    config = DebertaV2Config(
        vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=512, id2label=dict(enumerate(tags)), label2id={tag: i for i, tag in enumerate(tags)},
    )  # fmt: skip
    tagger = DebertaV2ForTokenClassification(config)
    tagger.classifier.weight.data *= 30
    tagger.save_pretrained(folder / "entities")
    BertModel(_bert(folder / "synonyms")).save_pretrained(folder / "synonyms")
    return folder


def green(folder: Path, answer: str = ANSWER) -> Path:
    """A Llama whose layers pass the last token on, and whose head maps it to the next: it says `answer`, then ends."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", answer])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.add_tokens(["<|assistant|>", "<|user|>", answer])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=2048, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.data.zero_()
        layer.mlp.down_proj.weight.data.zero_()
    model.model.embed_tokens.weight.data = torch.eye(6, 8)
    head = torch.zeros(6, 8)
    head[vocabulary[answer], 2] = head[2, vocabulary[answer]] = 1.0  # RadEval ends its prompt with </s>
    model.lm_head.weight.data = head
    model.save_pretrained(folder)
    return folder


MAKERS = {"bertscore": bertscore, "chexbert": chexbert, "radgraph": radgraph, "ratescore": ratescore, "green": green}
