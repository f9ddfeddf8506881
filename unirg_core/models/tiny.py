"""The tiny preset: Qwen3-VL's classes in miniature, with a tokenizer of its own, and processors for pictures only.

Departures from Qwen3-VL-8B (arXiv 2601.17151 trains that one): 64 px instead of 512; patches of 8 px, 4 x 4 of them
merged position by position into each of 2 x 2 image tokens (patches of 16 px lost nodules and lines, mean pooling the
sides); no deep stack; and initial weights of standard deviation 0.1 in the language part (with 0.02 so small a model
learns boilerplate before it looks at the picture).
"""

from collections.abc import Iterable
from typing import Any

from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessorPil, Qwen3VLProcessor

from unirg_core.models import IMAGE_SIZE

PATCH, MERGE = 8, 4
PAD, EOS, ANSWER = "<|endoftext|>", "<|im_end|>", "<|im_start|>"
SPECIAL = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
VOCABULARY = 4096  # at most; words are few

TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.content is string -%}{{ message.content }}"
    "{%- else -%}{%- for part in message.content -%}"
    "{%- if part.type == 'image' -%}<|image_pad|>{%- else -%}{{ part.text }}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{{ '<|im_end|>' if message.role == 'assistant' else '<|im_start|>' }}"
    "{%- endfor -%}"
)
"""Picture, question, one token that opens the answer, the answer, its end: no word more, for the attention's sake."""


class ImageOnlyQwen3VLProcessor(Qwen3VLProcessor):
    """Qwen3-VL's processor without its video half, which needs torchvision."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **_: Any) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)


class ImageOnlyQwen25VLProcessor(Qwen2_5_VLProcessor):
    """Qwen2.5-VL's processor without its video half, which needs torchvision."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **_: Any) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)


IMAGE_ONLY = {"qwen3_vl": ImageOnlyQwen3VLProcessor, "qwen2_5_vl": ImageOnlyQwen25VLProcessor}
"""Model type -> processor class that this project uses for it."""


def tokenizer(words: Iterable[str], size: int = VOCABULARY) -> Any:
    """Train a byte-level BPE tokenizer on single words: each becomes few tokens, no phrase becomes one.

    Digits stay apart. Every word counts with and without a space before it, in lower case and capitalised.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    forms = {form for word in words for form in (word, word.lower(), word[:1].upper() + word[1:])}
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    specials = [PAD, EOS, ANSWER, *SPECIAL.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=specials,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator([form for word in sorted(forms) for form in (word, f" {word}")], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        eos_token=EOS,
        model_specific_special_tokens=SPECIAL | {"answer_token": ANSWER},
        padding_side="left",
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )


def processor(words: Iterable[str]) -> Any:
    """Return the processor of the preset: 64 px, one image token."""
    pictures = Qwen2VLImageProcessorPil(
        patch_size=PATCH,
        merge_size=MERGE,
        temporal_patch_size=1,
        size={"shortest_edge": IMAGE_SIZE**2, "longest_edge": IMAGE_SIZE**2},
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
    )
    return ImageOnlyQwen3VLProcessor(pictures, tokenizer(words), chat_template=TEMPLATE)


def configuration(tokens: Any, hidden: int = 128, layers: int = 3, vision_hidden: int = 64, depth: int = 2) -> Any:
    """Return the preset's configuration for a tokenizer."""
    from transformers import Qwen3VLConfig

    head = 32
    special = {f"{name}_id": tokens.convert_tokens_to_ids(token) for name, token in SPECIAL.items()}
    ends = {"pad_token_id": tokens.pad_token_id, "eos_token_id": tokens.eos_token_id, "bos_token_id": None}
    text = {
        "vocab_size": len(tokens),
        "hidden_size": hidden,
        "intermediate_size": 3 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": hidden // head,
        "num_key_value_heads": hidden // head,
        "head_dim": head,
        "max_position_embeddings": 1024,
        "initializer_range": 0.1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [8, 4, 4]},
        "tie_word_embeddings": True,
        **ends,
    }
    vision = {
        "depth": depth,
        "hidden_size": vision_hidden,
        "intermediate_size": 3 * vision_hidden,
        "num_heads": vision_hidden // head,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "temporal_patch_size": 1,
        "out_hidden_size": hidden,
        "num_position_embeddings": (IMAGE_SIZE // PATCH) ** 2,
        "deepstack_visual_indexes": [],
        "initializer_range": 0.03,
    }
    return Qwen3VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **special, **ends)


def fresh(words: Iterable[str], seed: int = 0, **sizes: int) -> tuple[Any, Any]:
    """Return (model, processor) of the preset with random weights drawn from a seed, in float32."""
    import torch
    from transformers import Qwen3VLForConditionalGeneration

    made = processor(words)
    config = configuration(made.tokenizer, **sizes)
    for part in (config, config.text_config, config.vision_config):
        part.dtype = torch.float32  # as a loaded one has it, so that both are saved as the same bytes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = made.tokenizer.eos_token_id
    model.generation_config.pad_token_id = made.tokenizer.pad_token_id
    return model.eval(), made
