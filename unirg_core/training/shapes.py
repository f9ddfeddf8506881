"""The shape of a model, read from its configuration alone: parameters, layers, tokens of a picture; no weights needed.

Parameters are counted on the model itself, built on torch's `meta` device, which reserves no memory: exact for any
family. The two public shapes below are for a machine that does not have the model's files yet; built so, they have
8,767,123,696 and 2,127,532,032 parameters, as Hugging Face's pages of both models state (8.77 B and 2.13 B).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.models.adapting import VISION_NAMES
from unirg_core.params import Lora, Model


@dataclass(frozen=True)
class Shape:
    """Sizes of a vision-language model.

    Attributes
    ----------
    parameters, vision_parameters
        All, and those of the vision tower.
    unit
        Parameters of the largest part that a sharded model gathers at once: a layer, or the embedding.
    query, key
        Width of all query heads and of all key heads of a layer.
    patches, tokens
        Of one picture: what the vision tower reads, and what it gives to the language part.
    pixels
        Floats of one picture as the processor gives it.
    linear
        (last name, inputs, outputs) of every linear module of the language part, for adapters.
    """

    parameters: int
    vision_parameters: int
    unit: int
    layers: int
    hidden: int
    inner: int
    query: int
    key: int
    vocabulary: int
    vision_layers: int
    vision_hidden: int
    vision_inner: int
    patches: int
    tokens: int
    pixels: int
    linear: tuple[tuple[str, int, int], ...]

    def adapter(self, lora: Lora) -> int:
        """Return the parameters of a low-rank adapter: rank x (inputs + outputs) for each module that it is put on."""
        return sum(lora.rank * (inputs + outputs) for name, inputs, outputs in self.linear if name in lora.targets)


def _qwen(text: Mapping[str, Any], vision: Mapping[str, Any], tied: bool) -> dict[str, Any]:
    shared = {"vocab_size": 151936, "head_dim": 128, "num_key_value_heads": 8, "tie_word_embeddings": tied}
    eye = {"num_heads": 16, "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2}
    return {
        "text_config": {**shared, **text},
        "vision_config": {**eye, "num_position_embeddings": 2304, **vision},
        "tie_word_embeddings": tied,
    }


_8B = _qwen(
    {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32},
    {
        "depth": 27,
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "out_hidden_size": 4096,
        "deepstack_visual_indexes": [8, 16, 24],
    },
    tied=False,
)
_2B = _qwen(
    {"hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 28, "num_attention_heads": 16},
    {
        "depth": 24,
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "out_hidden_size": 2048,
        "deepstack_visual_indexes": [5, 11, 17],
    },
    tied=True,
)
PUBLIC = {"Qwen/Qwen3-VL-8B-Instruct": _8B, "microsoft/UniRG-CXR": _8B, "Qwen/Qwen3-VL-2B-Instruct": _2B}
"""Name -> configuration of Qwen3-VL, for models that need not be here. UniRG-CXR keeps its base's architecture."""


def shape_of(model: Model) -> Shape:
    """Return the shape of `model.base`: from its files where they are, else from `PUBLIC`.

    Raises
    ------
    BadInput
        When neither knows the model.
    """
    return measured(config_of(model), model.image_size)


def public_shape(base: str, image_size: int) -> Shape:
    """Return the shape of a model of `PUBLIC` without looking for its files, which could fetch them."""
    from transformers import Qwen3VLConfig

    return measured(Qwen3VLConfig(**PUBLIC[base]), image_size)


def config_of(model: Model) -> Any:
    """Return the configuration of `model.base`: from its files where they are, else from `PUBLIC`.

    Raises
    ------
    BadInput
        When neither knows the model.
    """
    from transformers import Qwen3VLConfig

    try:
        return config_here(model)
    except BadInput:
        if model.base not in PUBLIC:
            raise
        return Qwen3VLConfig(**PUBLIC[model.base])


def config_here(model: Model) -> Any:
    """Return the configuration of `model.base` from its files.

    Raises
    ------
    BadInput
        When they are not here, cannot be read, or are of no image-text-to-text model.
    """
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KINDS

    from unirg_core.models.loading import first_line, resolve

    folder = resolve(model.base, model.revision)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (ValueError, KeyError, OSError) as error:
        raise BadInput(
            f"model.base = {model.base} has a config.json that cannot be read ({first_line(error)}); name another one."
        ) from None
    if config.model_type not in KINDS:
        raise BadInput(
            f"model.base = {model.base} is of the kind {config.model_type}, which reads no pictures; name an "
            "image-text-to-text model."
        )
    return config


def language_modules(config: Any) -> list[str]:
    """Return the full names of all modules outside the vision tower."""
    return [name for name, _ in _on_meta(config).named_modules() if not _of_vision(name)]


def _on_meta(config: Any) -> Any:
    """Return the model of a configuration without memory for its weights."""
    import torch
    from transformers import AutoModelForImageTextToText

    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        return AutoModelForImageTextToText.from_config(config)


def measured(config: Any, image_size: int) -> Shape:
    """Return the shape of a configuration, for pictures of `image_size` pixels."""
    import torch

    model = _on_meta(config)
    text, vision = config.get_text_config(), config.vision_config
    patch, merge = vision.patch_size, getattr(vision, "spatial_merge_size", getattr(config, "scale_factor", 1))
    side = getattr(vision, "image_size", None) or image_size  # towers with a size of their own bring pictures to it
    patches = (side // patch) ** 2
    seen = [parameter.numel() for name, parameter in model.named_parameters() if _of_vision(name)]
    heads, width = text.num_attention_heads, getattr(text, "head_dim", None)
    width = width or text.hidden_size // heads
    return Shape(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        vision_parameters=sum(seen),
        unit=_unit(model, text),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        inner=text.intermediate_size,
        query=heads * width,
        key=(getattr(text, "num_key_value_heads", None) or heads) * width,
        vocabulary=text.vocab_size,
        vision_layers=getattr(vision, "depth", None) or vision.num_hidden_layers,
        vision_hidden=vision.hidden_size,
        vision_inner=vision.intermediate_size,
        patches=patches,
        tokens=getattr(config, "mm_tokens_per_image", None) or patches // merge**2,
        pixels=patches * patch**2 * 3 * getattr(vision, "temporal_patch_size", 1),
        linear=tuple(
            (name.rpartition(".")[2], module.in_features, module.out_features)
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and not _of_vision(name)
        ),
    )


def _of_vision(name: str) -> bool:
    return any(part in VISION_NAMES for part in name.split("."))


def _unit(model: Any, text: Any) -> int:
    embedding = model.get_input_embeddings().weight.numel()
    blocks = [module for name, module in model.named_modules() if name.rpartition(".")[2] == "0"]
    return max(embedding, *(sum(p.numel() for p in block.parameters()) for block in blocks), text.hidden_size)
