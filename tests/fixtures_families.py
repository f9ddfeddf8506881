"""Random models of a few thousand parameters, each of another family, with their processors."""

from collections.abc import Sequence
from typing import Any

from unirg_core.models import tiny

WORDS = [
    "the",
    "lungs",
    "are",
    "clear",
    "no",
    "findings",
    "impression",
    "small",
    "left",
    "right",
    "pleural",
    "effusion",
    ".",
    ",",
]


def qwen3(words: Sequence[str]) -> tuple[Any, Any]:
    """Return a random Qwen3-VL, the family of the preset and of the paper."""
    return tiny.fresh(words, seed=1, hidden=32, layers=2, vision_hidden=32, depth=1)


def qwen25(words: Sequence[str]) -> tuple[Any, Any]:
    """Return a random Qwen2.5-VL of a few thousand parameters, with its processor."""
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

    tokens = tiny.tokenizer(words)
    special = {f"{k}_id": tokens.convert_tokens_to_ids(v) for k, v in tiny.SPECIAL.items()}
    shape = {"hidden_size": 32, "intermediate_size": 64}
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]}
    ends = {"eos_token_id": tokens.eos_token_id, "pad_token_id": tokens.pad_token_id, "bos_token_id": None}
    text = {"vocab_size": len(tokens), "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2}
    vision = {"depth": 2, "num_heads": 2, "patch_size": 8, "spatial_merge_size": 2, "out_hidden_size": 32}
    config = Qwen2_5_VLConfig(
        text_config={**shape, **text, **ends, "rope_parameters": rope},
        vision_config={**shape, **vision, "window_size": 32, "fullatt_block_indexes": [1]},
        **special,
    )
    torch.manual_seed(0)
    pictures = Qwen2VLImageProcessorPil(patch_size=8, merge_size=2, size={"shortest_edge": 4096, "longest_edge": 4096})
    processor = tiny.ImageOnlyQwen25VLProcessor(pictures, tokens, chat_template=tiny.TEMPLATE)
    return Qwen2_5_VLForConditionalGeneration(config).eval(), processor


def llava(words: Sequence[str]) -> tuple[Any, Any]:
    """Return a random LLaVA: a tower of fixed size, and a processor that this project has no class for."""
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokens = tiny.tokenizer(words)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"eos_token_id": tokens.eos_token_id, "pad_token_id": tokens.pad_token_id, "bos_token_id": None}
    place = tiny.SPECIAL["image_token"]
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**shape, image_size=64, patch_size=16, projection_dim=32),
        text_config=LlamaConfig(**shape, **ends, vocab_size=len(tokens), num_key_value_heads=2),
        image_token_id=tokens.convert_tokens_to_ids(place),
        image_seq_length=16,
    )
    torch.manual_seed(0)
    square = {"height": 64, "width": 64}
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size=square, crop_size=square),
        tokens,
        patch_size=16,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        image_token=place,
        chat_template=tiny.TEMPLATE,
    )
    return LlavaForConditionalGeneration(config).eval(), processor


def idefics3(words: Sequence[str]) -> tuple[Any, Any]:
    """Return a random Idefics3 (SmolVLM's architecture): a processor that frames each picture."""
    import torch
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    tokens = tiny.tokenizer(words)
    frames = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>"]
    tokens.add_special_tokens({"additional_special_tokens": frames})
    edge = {"longest_edge": 64}
    pictures = Idefics3ImageProcessorPil(size=edge, max_image_size=edge, do_image_splitting=False)
    template = tiny.TEMPLATE.replace("<|image_pad|>", "<image>")
    processor = Idefics3Processor(pictures, tokens, image_seq_len=4, chat_template=template)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"eos_token_id": tokens.eos_token_id, "pad_token_id": tokens.pad_token_id, "bos_token_id": None}
    text = {"model_type": "llama", **shape, **ends, "vocab_size": len(tokens), "num_key_value_heads": 2}
    torch.manual_seed(0)
    config = Idefics3Config(
        vision_config={**shape, "image_size": 64, "patch_size": 16},
        text_config=text,
        image_token_id=processor.image_token_id,
        pad_token_id=tokens.pad_token_id,
        scale_factor=2,
    )
    return Idefics3ForConditionalGeneration(config).eval(), processor


def gemma3(words: Sequence[str]) -> tuple[Any, Any]:
    """Return a random Gemma 3: a picture attends to all of itself, and stands for a fixed number of tokens."""
    import torch
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    tokens = tiny.tokenizer(words)
    special = {"boi_token": "<start_of_image>", "image_token": "<image_soft_token>", "eoi_token": "<end_of_image>"}
    tokens.add_special_tokens({"additional_special_tokens": list(special.values())})
    tokens.init_kwargs["model_specific_special_tokens"] = special
    tokens._set_model_specific_special_tokens(special)
    template = tiny.TEMPLATE.replace("<|image_pad|>", special["boi_token"])
    pictures = Gemma3ImageProcessorPil(size={"height": 64, "width": 64})
    processor = Gemma3Processor(pictures, tokens, chat_template=template, image_seq_length=4)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"eos_token_id": tokens.eos_token_id, "pad_token_id": tokens.pad_token_id, "bos_token_id": None}
    torch.manual_seed(0)
    config = Gemma3Config(
        vision_config={"model_type": "siglip_vision_model", **shape, "image_size": 64, "patch_size": 16},
        text_config={**shape, **ends, "vocab_size": len(tokens), "num_key_value_heads": 1, "head_dim": 16},
        mm_tokens_per_image=4,
        **{f"{name}_id": tokens.convert_tokens_to_ids(t) for name, t in special.items()},
    )
    return Gemma3ForConditionalGeneration(config).eval(), processor


FAMILIES = {"qwen3": qwen3, "qwen25": qwen25, "llava": llava, "idefics3": idefics3, "gemma3": gemma3}
