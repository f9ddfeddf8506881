"""A prefix of an S3 bucket as a place (boto3): faults of the store stop the run in one sentence, after some tries."""

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from unirg_core.faults import BadInput
from unirg_core.ingest.place import Entry, OutsideError

_TRIES = 3
_LONGEST_KEY = 1024
_NOT_THERE = ("404", "NoSuchKey", "NotFound", "InvalidArgument", "InvalidURI", "KeyTooLongError")


class Bucket:
    """A prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._made: Any = None
        self._listed: dict[str, Entry] | None = None

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def listing(self) -> Mapping[str, Entry]:
        """Return every object with its size and ETag: a request a thousand objects."""
        if self._listed is None:
            found = [o for page in self._pages(self._prefix) for o in page.get("Contents", ())]
            named = {o["Key"][len(self._prefix) :]: Entry(o["Size"], o["ETag"].strip('"')) for o in found}
            if not named:
                raise BadInput(f"{self} holds nothing; check bucket and prefix, and that the data was copied there.")
            hidden = (name for name in named if name.endswith("/") or any(p[:1] == "." for p in name.split("/")))
            self._listed = {name: named[name] for name in sorted(named.keys() - set(hidden))}
        return self._listed

    def folders(self, under: str = "") -> list[str]:
        """Return the common prefixes one level down."""
        start = self._prefix + (f"{under.strip('/')}/" if under.strip("/") else "")
        pages = self._pages(start, Delimiter="/")
        found = [p["Prefix"][len(start) : -1] for page in pages for p in page.get("CommonPrefixes", ())]
        return sorted(name for name in found if not name.startswith("."))

    def exists(self, name: str) -> bool:
        """Ask for the object's head."""
        try:
            self._ask(lambda: self._client.head_object(Bucket=self._bucket, Key=self._key(name)))
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str) -> bytes:
        """Fetch an object; a transfer that breaks is tried again."""
        key = self._key(name)
        return self._ask(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """Fetch an object piece by piece."""
        from botocore.exceptions import BotoCoreError

        key = self._key(name)
        body = self._ask(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"])
        try:
            yield body
        except BotoCoreError as error:
            raise self._unreachable(error) from None
        finally:
            body.close()

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return size and ETag from the listing: no further request."""
        return tuple(self.listing().get(name, Entry(-1, "")))

    def digest(self, name: str) -> str:
        """Return the ETag."""
        return self.listing().get(name, Entry(-1, "")).tag

    def below(self, name: str) -> "Bucket":
        """Return a longer prefix."""
        return Bucket(self._bucket, self._prefix + name)

    def _key(self, name: str) -> str:
        inside = posixpath.normpath(name)
        if inside.startswith(("..", "/")):
            raise OutsideError(name)
        key = self._prefix + inside
        written = key.encode(errors="replace")
        if inside == "." or "\0" in key or len(written) > _LONGEST_KEY or written.decode() != key:
            raise FileNotFoundError(name)  # no object can have such a key, and asking would fail as if the store did
        return key

    def _pages(self, prefix: str, **more: str) -> list[dict[str, Any]]:
        def ask() -> list[dict[str, Any]]:
            paginator = self._client.get_paginator("list_objects_v2")
            return list(paginator.paginate(Bucket=self._bucket, Prefix=prefix, **more))

        return self._ask(ask)

    @property
    def _client(self) -> Any:
        if self._made is None:
            import boto3
            from botocore.config import Config

            retries = {"mode": "standard"}  # three tries; AWS_MAX_ATTEMPTS makes them more
            self._made = boto3.Session().client(
                "s3", config=Config(retries=retries, connect_timeout=5, read_timeout=60)
            )
        return self._made

    def _ask(self, what: Callable[[], Any]) -> Any:
        """Do a request; what is not there is a FileNotFoundError, any other fault stops the run with its sentence."""
        from botocore import exceptions as faults

        try:
            return _again(what)
        except faults.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _NOT_THERE:
                raise FileNotFoundError(str(self)) from None
            raise BadInput(f"{self} cannot be read: {_refused(code)}.") from None
        except (faults.NoCredentialsError, faults.PartialCredentialsError, faults.ProfileNotFound):
            raise BadInput(
                f"{self} cannot be read: no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE."
            ) from None
        except (faults.BotoCoreError, ValueError, OSError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> BadInput:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "not set")
        return BadInput(
            f"{self} cannot be reached ({type(error).__name__}); check AWS_ENDPOINT_URL ({endpoint}) and the network."
        )


def _again(what: Callable[[], Any]) -> Any:
    """Do a request again where its answer broke off on the way: boto3 itself only retries before the first byte."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    for _ in range(_TRIES - 1):
        try:
            return what()
        except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
            continue
    return what()


def _refused(code: str) -> str:
    if code == "NoSuchBucket":
        return "there is no such bucket"
    if code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
        return f"the store refused the credentials ({code}); they must be allowed to list and get"
    return f"the store answered {code or 'with an error'}"
