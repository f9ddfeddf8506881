"""Files of an earlier dataset by their DVC digests: from the checkout's cache, pulled from the remote where missing."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.home import home

_SIGNS = (
    (
        "Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|\\b40[13]\\b",
        "it refuses the credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE) to those of an "
        "account that may read and write there.",
    ),
    (
        "Unable to (locate|find) (AWS )?credentials|NoCredentials",
        "there are no credentials for it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    ),
    ("NoSuchBucket|bucket does not exist", "its bucket does not exist; create it, or correct version.remote."),
    (
        "Could not connect|Cannot connect|Connection refused|EndpointConnection|Name or service not known",
        "it does not answer; check version.endpoint and that the server runs.",
    ),
)


def stored(root: Path, digests: Iterable[str]) -> dict[str, Path]:
    """Return where the cache holds each DVC digest (md5; `.dir` for a folder's list).

    Raises
    ------
    BadInput
        When one is neither in the cache nor in the remote.
    """
    wanted = list(dict.fromkeys(digests))
    if not wanted:
        return {}
    places = {digest: home() / "dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:] for digest in wanted}
    missing = [digest for digest, path in places.items() if not path.exists()]
    if missing:
        places |= _pulled(root, missing)
    lost = [digest for digest in missing if not places[digest].exists()]
    if lost:
        raise BadInput(
            f"{len(lost)} of {len(wanted)} files of an earlier dataset (the first: {lost[0]}) are neither in DVC's "
            f"cache nor in its remote; restore them, or start a new line of versions: --set ingest.series=NAME."
        )
    return places


def folder_list(path: Path) -> dict[str, str]:
    """Return the files of a stored folder: relative path -> DVC digest."""
    return {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_bytes())}


def _pulled(root: Path, digests: list[str]) -> dict[str, Path]:
    """Return the places in the checkout's own cache, with what is missing there pulled from its remote."""
    from botocore.exceptions import BotoCoreError, ClientError
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo

    try:
        repo = Repo(str(root))
        places = {digest: Path(repo.cache.local.oid_to_path(digest)) for digest in digests}
        missing = [HashInfo("md5", digest) for digest, path in places.items() if not path.exists()]
        if missing:
            repo.cloud.pull(missing)
    except (DvcException, OSError, BotoCoreError, ClientError) as error:
        raise BadInput(f"An earlier dataset could not be pulled from the DVC remote: {told(str(error))}") from None
    return places


def told(said: str) -> str:
    """Return what a remote's refusal means, as one sentence with its remedy."""
    lines = said.strip().splitlines() or ["no message"]
    line = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1]).removeprefix("ERROR: ")
    return next((meaning for sign, meaning in _SIGNS if re.search(sign, said)), line)
