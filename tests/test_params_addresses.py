"""No address in params.yaml holds a secret, and one that is refused for it is not repeated."""

from pathlib import Path

import pytest

from unirg_core import params
from unirg_core.faults import BadInput

ROOT = Path(__file__).resolve().parents[1]
JUDGE, SERVICE = (
    "scores.judge={{base_url: '{}', model: m}}",
    "scores.service={{url: '{}', scores: {{bertscore: null}}}}",
)
REMOTE, ENDPOINT = "version.remote='{}'", "version.endpoint='{}'"
DRAWN = "rl.generation={{backend: vllm, mode: server, url: '{}'}}"
DROP = "ingest={{source: folder, policy: p, path: '{}'}}"
DASK = "ingest.dask.address='{}'"
SECRETS = (
    "http://user:s3cret@10.0.0.1:8900",
    "https://s3cret@10.0.0.1/v1",
    "http://:s3cret@10.0.0.1",
    "https://10.0.0.1/v1?key=s3cret",
    "http://user:s3cret",  # taken for a port
    "http://user:s3cret/x@10.0.0.1",
)


@pytest.mark.parametrize("address", [*SECRETS, "s3://key:s3cret@bucket/prefix"])
@pytest.mark.parametrize("field", [JUDGE, SERVICE, REMOTE, ENDPOINT])
def test_an_address_with_a_secret_is_refused_and_not_repeated(field: str, address: str) -> None:
    with pytest.raises(BadInput) as refused:
        params.resolve(ROOT, above=params.assignments([field.format(address)]))
    assert "s3cret" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (DRAWN, "http://user:s3cret@10.0.0.1:8000"),
        (DRAWN, "http://10.0.0.1:8000/?key=s3cret"),
        (DROP, "s3://key:s3cret@bucket/prefix"),
        (DASK, "tls://user:s3cret@10.0.0.5:8786"),
    ],
)
def test_so_is_one_of_a_drop_a_cluster_or_a_server_of_rollouts(field: str, address: str) -> None:
    with pytest.raises(BadInput, match="holds no user, password or query") as refused:
        params.resolve(ROOT, above=params.assignments([field.format(address)]))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("field", [JUDGE, SERVICE, ENDPOINT])
@pytest.mark.parametrize(
    "address", ["", "10.0.0.1:9", "ftp://10.0.0.1", "http://", "http:///v1", "http://h:99999", "http://h x"]
)
def test_what_is_no_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(BadInput, match=r"give an address that starts with http|Port out of range"):
        params.resolve(ROOT, above=params.assignments([field.format(address)]))


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (JUDGE, "https://judge.example.org/v1"),
        (SERVICE, "http://127.0.0.1:8900"),
        (SERVICE, "http://[::1]:8900/scores"),
        (REMOTE, "s3://bucket/prefix"),
        (REMOTE, "/srv/store with a ? and an @"),
        (REMOTE, "../store"),
        (ENDPOINT, "http://10.0.0.5:9000"),
        (DRAWN, "http://10.0.0.7:8000"),
        (DROP, "s3://bucket/drop"),
        (DROP, "/data/drop @ noon?"),
        (DASK, "tls://10.0.0.5:8786"),
    ],
)
def test_an_address_without_one_is_taken(field: str, address: str) -> None:
    values = params.assignments([field.format(address)])
    assert address in str(params.resolve(ROOT, above=values).model_dump())
