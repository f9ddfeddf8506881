"""Load and save Hugging Face image-text-to-text models, always from safetensors and never with code from a hub.

Departures from the library's defaults: `use_safetensors=True` (a pickle runs code when it is read), padding on the left
(a batch is generated from), deterministic algorithms and a fixed number of threads (sums must come out equal), and Qwen
processors without their video half (`unirg_core.models.tiny`), which would need torchvision and is never used here.
"""

import os
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.files import digest_of, file_digest, folder_written_whole
from unirg_core.params import Model, Params

TINY = "unirg-tiny"
"""Name of the embedded base model."""

TINY_FOLDER = Path(__file__).parent / "unirg_tiny"

MODEL_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""All that a model is read from; README.md and unirg.json describe it."""

NOTE = "unirg.json"
_ORIGIN = ("_name_or_path", "name_or_path", "is_local", "local_files_only")


def load(model_params: Model, path: str | Path | None = None) -> tuple[Any, Any]:
    """Load a model and its processor.

    Parameters
    ----------
    model_params
        The `model` section: base, revision, dtype, device, threads, image_size.
    path
        A folder or name in place of `model_params.base`, as that of a trained checkpoint.

    Returns
    -------
    tuple
        (model in evaluation mode on its device, processor).

    Raises
    ------
    BadInput
        When the model is not there, has only pickled weights, or is no image-text-to-text model.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForImageTextToText

    settle(model_params)
    folder = resolve(str(path or model_params.base), model_params.revision if path is None else None)
    try:
        model = AutoModelForImageTextToText.from_pretrained(
            folder, use_safetensors=True, dtype=getattr(torch, model_params.dtype), local_files_only=True
        )
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise BadInput(f"{folder} could not be loaded as an image-text-to-text model: {first_line(error)}.") from None
    return model.to(device(model_params)).eval(), load_processor(folder, model_params.image_size)


def load_processor(folder: Path, image_size: int) -> Any:
    """Load the processor of a model folder; pictures come out as squares of `image_size` pixels.

    Raises
    ------
    BadInput
        When the folder holds no processor that can be used.
    """
    from transformers import AutoConfig, AutoProcessor

    from unirg_core.models.tiny import IMAGE_ONLY

    kind = IMAGE_ONLY.get(AutoConfig.from_pretrained(folder, local_files_only=True).model_type, AutoProcessor)
    try:
        processor = kind.from_pretrained(folder, local_files_only=True)
    except (ValueError, OSError, ImportError) as error:
        raise BadInput(f"{folder} has no usable processor: {first_line(error)}.") from None
    if not hasattr(processor, "image_processor"):
        raise BadInput(f"{folder} has a tokenizer but no image processor; name an image-text-to-text model.")
    processor.tokenizer.padding_side = "left"
    if processor.tokenizer.pad_token is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    _fit(processor.image_processor, image_size)
    return processor


def _fit(image_processor: Any, size: int) -> None:
    """Let a processor of Qwen's kind, free in its size, keep squares of `size`; others bring them to their own."""
    if {"shortest_edge", "longest_edge"} <= {name for name, edge in dict(image_processor.size or {}).items() if edge}:
        image_processor.size = type(image_processor.size)(shortest_edge=size * size, longest_edge=size * size)


def square(image: Any, size: int) -> Any:
    """Return a picture as an RGB square of `size` pixels (bicubic), unchanged where it is one already."""
    from PIL import Image

    image = image.convert("RGB")
    return image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)


def settle(model_params: Model) -> None:
    """Fix threads and algorithms, so that equal inputs give equal sums on this machine."""
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if model_params.threads:
        torch.set_num_threads(model_params.threads)
    # some CUDA kernels have no deterministic form; there it warns instead of ending the run
    torch.use_deterministic_algorithms(True, warn_only=device(model_params) == "cuda")


def device(model_params: Model) -> str:
    """Return `cpu` or `cuda`.

    Raises
    ------
    BadInput
        When `cuda` is asked for and there is none.
    """
    import torch

    there = torch.cuda.is_available()
    if model_params.device == "cuda" and not there:
        raise BadInput("model.device = 'cuda', but no CUDA device is there; take a machine with one, or set it to cpu.")
    return "cuda" if there and model_params.device != "cpu" else "cpu"


def resolve(name: str, revision: str | None = None) -> Path:
    """Return the folder of a model: the embedded base, a folder, or a Hugging Face id's snapshot.

    Raises
    ------
    BadInput
        When nothing is there, or when its weights are not safetensors.
    """
    folder = TINY_FOLDER if name == TINY else Path(name)
    if not folder.is_dir():
        folder = _snapshot(name, revision)
    if not (folder / "config.json").is_file():
        raise BadInput(f"{name} holds no config.json, so it is no model; name a folder that a training stage wrote.")
    if not list(folder.glob("*.safetensors")):
        raise BadInput(f"{name} has no weights as safetensors; pickled ones can run code and are not read.")
    return folder


def located(params: Params, here: Path) -> Params:
    """Return parameters that name a folder for a base model by its whole path, since stages stand in another folder."""
    folder = here / Path(params.model.base).expanduser()
    if params.model.base == TINY or not folder.is_dir():
        return params
    model = params.model.model_copy(update={"base": str(folder.resolve())})
    return params.model_copy(update={"model": model})


def _snapshot(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(MODEL_FILES)))
    except HFValidationError:
        raise BadInput(f"model.base = {name} is no folder and no Hugging Face id; there is also {TINY}.") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise BadInput(
            f"model.base = {name} is neither {TINY}, nor a folder, nor in the local Hugging Face cache, and could not "
            f"be fetched ({first_line(error)}); run `hf download {name}` once with HF_HUB_OFFLINE=0, or name a folder."
        ) from None


def digest(name: str, revision: str | None = None) -> str:
    """Return the SHA-256 over the files that a model is read from.

    Its card and `unirg.json` are left out: they may state this digest.
    """
    folder = resolve(name, revision)
    files = sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern)} - {folder / NOTE})
    return digest_of([[path.name, file_digest(path)] for path in files])


def save(model: Any, processor: Any, folder: Path) -> None:
    """Write a complete model folder: config, safetensors, tokenizer, processor; a LoRA adapter is merged first.

    Equal weights give equal bytes: no times, no paths, no optimiser state.
    """
    from unirg_core.models.adapting import merged
    from unirg_core.models.tiny import IMAGE_ONLY

    model = merged(model)
    with folder_written_whole(Path(folder)) as temporary:
        model.save_pretrained(temporary)
        processor.save_pretrained(temporary)
        for path in temporary.iterdir():
            path.chmod(0o644)  # the library keeps weights to their owner, whom a container or a server is not
        for path in temporary.glob("*.json"):
            _without_origin(path, {kind.__name__: kind.__bases__[0].__name__ for kind in IMAGE_ONLY.values()})


def _without_origin(path: Path, renamed: dict[str, str]) -> None:
    """Take out of a config where it was loaded from, and name the library's own processor class."""
    import json

    value = json.loads(path.read_bytes())
    changed = {k: v for k, v in value.items() if k not in _ORIGIN}
    kind = changed.get("processor_class")
    if kind in renamed:
        changed["processor_class"] = renamed[kind]
    if changed != value:
        path.write_text(json.dumps(changed, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def first_line(error: Exception) -> str:
    """Return the first line of a library's error, for a sentence of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
