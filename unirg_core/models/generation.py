"""Reports for a list of pictures: greedy, as the recipe evaluates (temperature 0, arXiv 2601.17151), unless
`model.temperature` asks for samples.

A sample adds Gumbel noise to the logits over the temperature and takes the greatest, which draws from the model's own
distribution (Gumbel 1954). The noise follows from picture and prompt alone: a study has the same report in any batch,
on any number of processes, today and tomorrow.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unirg_core.models.loading import square
from unirg_core.models.prompts import messages
from unirg_core.params import Model


def generate(
    model: Any,
    processor: Any,
    images: Sequence[Any],
    prompts: Sequence[str],
    model_params: Model,
    batch_size: int = 64,
    bias: Mapping[int, float] | None = None,
    said: Callable[[int], None] | None = None,
) -> list[str]:
    """Return one text a picture, in the order given.

    Parameters
    ----------
    images, prompts
        A PIL picture or a sequence of them each, and the texts of `prompts.prompt`, of equal length.
    bias
        Token -> what is added to its logit at every step.
    said
        Called with the number of finished pictures after each batch.

    Raises
    ------
    ValueError
        When the lengths differ.
    """
    import torch

    if len(images) != len(prompts):
        raise ValueError(f"{len(images)} images but {len(prompts)} prompts")
    config = greedy(model, processor, model_params.max_new_tokens)
    if bias:
        config.sequence_bias = [[[token], float(value)] for token, value in bias.items()]
    trained = model.training
    model.eval()
    texts: list[str] = []
    with torch.no_grad():  # not inference_mode, whose tensors FSDP 2 cannot train on after a first look
        for start in range(0, len(images), batch_size):
            chunk = slice(start, start + batch_size)
            inputs = encode(processor, images[chunk], prompts[chunk], model_params).to(model.device)
            noise = [_sampling(images[chunk], prompts[chunk], model_params)] if model_params.temperature else []
            whole = model.generate(**inputs, generation_config=config, logits_processor=noise)
            tokens = whole[:, inputs["input_ids"].shape[1] :]
            texts += [text.strip() for text in processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)]
            if said:
                said(len(tokens))
    model.train(trained)
    return texts


def _sampling(images: Sequence[Any], prompts: Sequence[str], model_params: Model) -> Callable[[Any, Any], Any]:
    """Return what makes greedy decoding sample: noise on the logits, a stream of its own a study."""
    import numpy as np
    import torch

    streams = [_stream(shown, prompt) for shown, prompt in zip(images, prompts, strict=True)]

    def noisy(_: Any, scores: Any) -> Any:
        uniform = np.stack([stream.random(scores.shape[1], dtype=np.float32) for stream in streams])
        gumbel = -np.log(-np.log(np.clip(uniform, 1e-10, 1 - 1e-7)))
        return scores / model_params.temperature + torch.from_numpy(gumbel).to(scores)

    return noisy


def _stream(shown: Any, prompt: str) -> Any:
    """Return a generator of numbers that a study's pictures and prompt decide."""
    import numpy as np

    digest = hashlib.sha256(prompt.encode())
    for picture in _each(shown):
        digest.update(f"{picture.mode}{picture.size}".encode() + picture.tobytes())
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest.digest()[:16], np.uint64)))


def encode(processor: Any, images: Sequence[Any], prompts: Sequence[str], model_params: Model) -> Any:
    """Return the model's inputs for pictures and prompts: padded on the left, tensors."""
    squares = [[square(one, model_params.image_size) for one in _each(shown)] for shown in images]
    chats = [chat(processor, prompt, len(shown)) for prompt, shown in zip(prompts, squares, strict=True)]
    return processor(
        images=squares,
        text=chats,
        padding=True,
        padding_side="left",
        add_special_tokens=False,  # the chat template holds them already
        return_tensors="pt",
    )


def _each(shown: Any) -> Sequence[Any]:
    return shown if isinstance(shown, Sequence) else [shown]


def chat(processor: Any, prompt: str, pictures: int = 1) -> str:
    """Return a prompt as the text of the processor's chat template, ready for the answer."""
    return processor.apply_chat_template(messages(prompt, pictures), tokenize=False, add_generation_prompt=True)


def greedy(model: Any, processor: Any, max_new_tokens: int) -> Any:
    """Return the settings of greedy decoding; a base model's own sampling settings are not taken over."""
    from transformers import GenerationConfig

    tokenizer = processor.tokenizer
    eos = model.generation_config.eos_token_id
    return GenerationConfig(
        do_sample=False,
        num_beams=1,
        temperature=1.0,
        top_p=1.0,
        top_k=50,
        repetition_penalty=1.0,
        max_new_tokens=max_new_tokens,
        eos_token_id=tokenizer.eos_token_id if eos is None else eos,
        pad_token_id=tokenizer.pad_token_id,
    )
