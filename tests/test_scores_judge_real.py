"""The judge against a server that others wrote, `transformers serve`, with a tiny model that knows one answer."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from fixtures_judge import counts

from unirg_core.params import Judge as Settings
from unirg_core.scores.judge import Judge, JudgeFault, prompt

pytestmark = pytest.mark.slow

ANSWER = json.dumps(counts(1, 1, insignificant=(0, 0, 1)))
END = "<end>"
PAIR = ("No effusion.", "Small left effusion.")


def _tokenizer():
    """Bytes, the whole answer as one token, and an end."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({token: i for i, token in enumerate([*alphabet, END])}, []))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    plain.add_tokens([ANSWER])
    template = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
    return PreTrainedTokenizerFast(tokenizer_object=plain, eos_token=END, pad_token=END, chat_template=template)


@pytest.fixture(scope="module")
def knows_one_answer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model that gives the answer to any pair, trained in a second."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokenizer = _tokenizer()
    end, answer = tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(ANSWER)
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    tokens = {"vocab_size": len(tokenizer), "eos_token_id": end, "pad_token_id": end}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **tokens))
    asked = tokenizer.apply_chat_template(prompt.messages(*PAIR))["input_ids"]
    example = torch.tensor([[*asked, answer, end]])
    labels = torch.full_like(example, -100)
    labels[0, -2:] = example[0, -2:]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        model(input_ids=example, labels=labels).loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("judge-model")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(url: str) -> bool:
    try:
        return urlopen(url, timeout=2).status == 200
    except (URLError, OSError):
        return False


@pytest.fixture(scope="module")
def served(knows_one_answer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Serve the model and give settings that lead to it."""
    port, log = _free_port(), tmp_path_factory.mktemp("serve") / "log"
    command = [
        sys.executable,
        "-m",
        "transformers.cli.transformers",
        "serve",
        str(knows_one_answer),
        "--port",
        str(port),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with log.open("w") as stream:
        child = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=environment)
    try:
        end = time.monotonic() + 120
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert child.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
            time.sleep(0.2)
        yield Settings(base_url=f"http://127.0.0.1:{port}/v1", model=str(knows_one_answer), retries=0)
    finally:
        child.terminate()
        child.wait()


def test_a_real_model_behind_a_real_server_is_a_judge(served: Settings) -> None:
    judge = Judge(served)
    (judged,) = judge.judgements(*([text] for text in PAIR))
    assert judged.significant == (1, 1, 0, 0, 0, 0) and judged.insignificant == (0, 0, 1, 0, 0, 0)
    assert judge([PAIR[0]], [PAIR[1]]).tolist() == [0.25]


def test_an_answer_that_the_server_cut_off_is_an_error(served: Settings) -> None:
    with pytest.raises(JudgeFault, match="was cut off"):
        Judge(served.model_copy(update={"answer_tokens": 1}))(["Edema."], [PAIR[1]])


def test_a_model_that_the_server_does_not_have_is_an_error(served: Settings) -> None:
    with pytest.raises(JudgeFault, match=r"answered \d+; "):
        Judge(served.model_copy(update={"model": "no-such-model"}))(["Edema."], [PAIR[1]])
