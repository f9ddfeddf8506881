"""How the embedded base learns: its vision tower from findings, then its language part from plain captions.

Plain fine-tuning from random weights collapses to boilerplate before it sees anything. So the tower is first asked,
through a linear readout of its image tokens, for every finding with side and degree; then it is frozen, and the
language part learns to say what those tokens tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from unirg_core.models.schedule import Schedule
from unirg_core.models.tiny import IMAGE_SIZE, MERGE, PATCH

_SAME, _GAIN, _OFFSET, _NOISE, _SHIFT = 0.5, 0.12, 0.06, 0.02, 1
_DEGREE_WEIGHT = 2.0


@dataclass(frozen=True)
class Seen:
    """What the readout is taught of n studies and k findings: yes or no, and how much; NaN degree: not asked."""

    present: np.ndarray  # (n, k) bool
    left: np.ndarray  # (n, k) bool
    right: np.ndarray  # (n, k) bool
    degree: np.ndarray  # (n, k) float32, 0 where nothing is drawn


def patches(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pixel values of 8-bit pictures (n, 64, 64) as the tiny processor makes them: (n * 16, 3 * 256)."""
    n, size = pictures.shape[0], pictures.shape[-1]
    grid = size // PATCH
    values = (pictures.float() / 255 - 0.5) / 0.25
    blocks = values.view(n, grid // MERGE, MERGE, PATCH, grid // MERGE, MERGE, PATCH).permute(0, 1, 4, 2, 5, 3, 6)
    return blocks.reshape(n * grid * grid, 1, PATCH * PATCH).expand(-1, 3, -1).reshape(n * grid * grid, -1)


def grids(count: int, size: int) -> torch.Tensor:
    """Return the patch grid of each picture, (count, 3)."""
    return torch.tensor([[1, size // PATCH, size // PATCH]]).expand(count, 3).contiguous()


def varied(pictures: torch.Tensor, source: torch.Generator) -> torch.Tensor:
    """Return pictures with another exposure, a pixel's shift and noise, so that the tower learns neither by heart."""
    n = len(pictures)
    values = pictures.float() / 255
    gain, offset = torch.randn(2, n, 1, 1, generator=source)
    values = values * (1 + _GAIN * gain) + _OFFSET * offset + _NOISE * torch.randn(values.shape, generator=source)
    rows, columns = torch.randint(-_SHIFT, _SHIFT + 1, (2, n), generator=source).tolist()
    moved = [torch.roll(v, (r, c), (0, 1)) for v, r, c in zip(values, rows, columns, strict=True)]
    kept = (torch.rand(n, 1, 1, generator=source) < _SAME).float()
    return 255 * (kept * pictures.float() / 255 + (1 - kept) * torch.stack(moved)).clamp(0, 1)


def learn_to_see(
    model: Any, pictures: np.ndarray, seen: Seen, plan: Schedule, seed: int, said: Callable[[float], None]
) -> Any:
    """Train the vision tower on findings; return the readout, which is not part of the model.

    Parameters
    ----------
    pictures
        (n, 64, 64) uint8.
    said
        Called with the loss after each step.
    """
    tower, width = model.model.visual, model.config.text_config.hidden_size
    torch.manual_seed(seed)
    readout = torch.nn.Linear(width, 4 * seen.present.shape[1])
    targets = torch.from_numpy(np.concatenate([seen.present, seen.left, seen.right], 1).astype(np.float32))
    degree = torch.from_numpy(seen.degree)
    yes = 3 * seen.present.shape[1]

    def loss(index: torch.Tensor, source: torch.Generator) -> torch.Tensor:
        tokens = tower(patches(varied(all_pictures[index], source)), grids(len(index), size)).pooler_output
        out = _read(readout, tokens, len(index))
        binary = F.binary_cross_entropy_with_logits(out[:, :yes], targets[index])
        return binary + _DEGREE_WEIGHT * F.mse_loss(out[:, yes:], degree[index])

    all_pictures, size = torch.from_numpy(pictures), pictures.shape[-1]
    _descend([*tower.parameters(), *readout.parameters()], loss, len(pictures), plan, seed, said)
    return readout


def learn_to_speak(
    model: Any,
    processor: Any,
    pictures: np.ndarray,
    texts: Sequence[tuple[str, str]],
    plan: Schedule,
    seed: int,
    said: Callable[[float], None],
) -> None:
    """Train the language part to answer each picture's prompt; the vision tower stays as it is.

    Parameters
    ----------
    texts
        (prompt, answer) pairs; a multiple of the pictures, and pair i belongs to picture i modulo their number.
    """
    from unirg_core.models.adapting import freeze_vision

    freeze_vision(model)
    model.train()
    all_pictures, size = torch.from_numpy(pictures), pictures.shape[-1]
    tokens = [_tokens(processor, prompt, answer) for prompt, answer in texts]

    def loss(index: torch.Tensor, source: torch.Generator) -> torch.Tensor:
        batch = _batch([tokens[i] for i in index.tolist()], processor)
        pixels = patches(varied(all_pictures[index % len(pictures)], source))
        return model(**batch, pixel_values=pixels, image_grid_thw=grids(len(index), size)).loss

    _descend([p for p in model.parameters() if p.requires_grad], loss, len(texts), plan, seed, said)
    model.requires_grad_(True)
    model.eval()


def _read(readout: Any, tokens: torch.Tensor, count: int) -> torch.Tensor:
    """Sum what each image token says, (count, 4 * findings): the language part too reads them by one set of weights."""
    return readout(tokens.view(count, -1, tokens.shape[-1])).sum(1)


def readings(model: Any, readout: Any, pictures: np.ndarray) -> np.ndarray:
    """Return what the readout says of pictures: (n, 4, k) logits of present, left, right, and the degree."""
    out = []
    with torch.inference_mode():
        for start in range(0, len(pictures), 256):
            part = torch.from_numpy(pictures[start : start + 256])
            tower = model.model.visual(patches(part), grids(len(part), pictures.shape[-1]))
            out.append(
                readout(tower.pooler_output.view(len(part), -1, readout.in_features))
                .sum(1)
                .view(len(part), 4, -1)
                .numpy()
            )
    return np.concatenate(out)


def _descend(
    parameters: list[Any],
    loss: Callable[[torch.Tensor, torch.Generator], torch.Tensor],
    count: int,
    plan: Schedule,
    seed: int,
    said: Callable[[float], None],
) -> None:
    """Take the plan's steps of AdamW over batches drawn anew each epoch."""
    source = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(parameters, lr=plan.rate, weight_decay=0.01, betas=(0.9, 0.98))
    waiting: list[int] = []
    for step in range(plan.steps):
        while len(waiting) < plan.batch:
            waiting += torch.randperm(count, generator=source).tolist()
        index, waiting = torch.tensor(waiting[: plan.batch]), waiting[plan.batch :]
        for group in optimiser.param_groups:
            group["lr"] = plan.at(step)
        value = loss(index, source)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        said(float(value.detach()))


def _tokens(processor: Any, prompt: str, answer: str) -> tuple[list[int], list[int]]:
    from unirg_core.models.generation import chat

    tokenizer = processor.tokenizer
    picture = processor.image_token * (IMAGE_SIZE // PATCH // MERGE) ** 2  # the processor widens the place likewise
    text = chat(processor, prompt).replace(processor.image_token, picture)
    asked = tokenizer(text, add_special_tokens=False)["input_ids"]
    answered = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return asked, [*answered, tokenizer.eos_token_id]


def _batch(tokens: list[tuple[list[int], list[int]]], processor: Any) -> dict[str, torch.Tensor]:
    """Return token tensors, padded on the right, with the prompt masked out of the loss."""
    width = max(len(asked) + len(answered) for asked, answered in tokens)
    ids = torch.full((len(tokens), width), processor.tokenizer.pad_token_id)
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for i, (asked, answered) in enumerate(tokens):
        end = len(asked) + len(answered)
        ids[i, :end] = torch.tensor(asked + answered)
        labels[i, len(asked) : end] = torch.tensor(answered)
        mask[i, :end] = 1
    kinds = (ids == processor.image_token_id).long()
    return {"input_ids": ids, "labels": labels, "attention_mask": mask, "mm_token_type_ids": kinds}
