"""The vault under `$UNIRG_HOME/keys`: one secret key from which pseudonyms, splits, digests and day shifts follow.

A real source's key is drawn at first use, as long as this home holds no dataset; from then on a missing or other key is
an error, never a silent new one. Each patient has a random salt beside it: once it is gone, his digests mean nothing.
The phantom holds nobody's data, so its key is fixed and public and a fresh clone gives the same bytes.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.files import canonical_json, read_json, write_json
from unirg_core.home import locked

PUBLIC = "phantom"
"""The source kind whose key is public."""

_PUBLIC_KEY = hashlib.sha256(b"unirg phantom: a public key, for synthetic data only").digest()
_KEY_BYTES = 32
_SHIFT_DAYS = 3650


class Vault:
    """Answer for one key; holds it in memory, and the salts it has read."""

    def __init__(self, key: bytes, salts: Path | None, marker: Path | None) -> None:
        self._key, self._salts, self._marker = key, salts, marker
        self._known: dict[str, bytes] = {}
        self._read = 0

    @property
    def fingerprint(self) -> str:
        """Name the key without telling it: 16 hex digits of a SHA-256."""
        return hashlib.sha256(b"fingerprint\0" + self._key).hexdigest()[:16]

    def pseudonym(self, kind: str, text: str) -> str:
        """Return the keyed name (16 hex digits) of an identifier; other kinds give other names for the same text."""
        return self._mac("pseudonym", kind, text).hex()[:16]

    def fraction(self, text: str) -> float:
        """Return a keyed number in [0, 1) that is always the same for the same text."""
        return int.from_bytes(self._mac("fraction", text)[:6], "big") / 2**48

    def day_shift(self, patient: str) -> int:
        """Return the days, up to ten years back or forth and never 0, by which all dates of a patient are moved."""
        draw = int.from_bytes(self._mac("shift", patient)[:6], "big") % (2 * _SHIFT_DAYS)
        return draw - _SHIFT_DAYS if draw < _SHIFT_DAYS else draw - _SHIFT_DAYS + 1

    def salt(self, patient: str) -> bytes:
        """Return the patient's salt; a new patient's is drawn and kept before it is used."""
        return self.salts([patient])[patient]

    def salts(self, patients: Iterable[str]) -> dict[str, bytes]:
        """Return the salts of several patients (pseudonyms) with at most one look at the file."""
        wanted = list(patients)
        if self._salts is None:
            return {patient: self._mac("salt", patient) for patient in wanted}
        if not self._known.keys() >= set(wanted):
            self._keep(wanted)
        return {patient: self._known[patient] for patient in wanted}

    def seal(self) -> None:
        """Note that a dataset under this key is complete: from now on no other key will do in this home."""
        if self._marker is not None and not self._marker.exists():
            write_json(self._marker, {"fingerprint": self.fingerprint})

    def _mac(self, *parts: str) -> bytes:
        return hmac.digest(self._key, canonical_json(list(parts)), "sha256")

    def _keep(self, wanted: list[str]) -> None:
        lock = self._salts.with_suffix(".lock")
        lock.touch(mode=0o600)
        with locked(lock):
            self._catch_up()
            new = [patient for patient in dict.fromkeys(wanted) if patient not in self._known]
            if new:
                lines = [canonical_json({"patient": p, "salt": secrets.token_hex(_KEY_BYTES)}) + b"\n" for p in new]
                _append(self._salts, b"".join(lines))
                self._catch_up()

    def _catch_up(self) -> None:
        """Read what has been added since the last look, and drop a last line that a killed writer left unfinished."""
        if not self._salts.exists():
            return
        with self._salts.open("r+b") as stream:
            stream.seek(self._read)
            tail = stream.read()
            whole = tail.rfind(b"\n") + 1
            if whole < len(tail):
                stream.truncate(self._read + whole)
        for line in tail[:whole].splitlines():
            entry = json.loads(line)
            self._known[entry["patient"]] = bytes.fromhex(entry["salt"])
        self._read += whole


def open_vault(kind: str, home: Path) -> Vault:
    """Open the vault of a source kind; make the key at first use.

    Raises
    ------
    BadInput
        When the key is missing or another one although a dataset was made with it, or is open to other users.
    """
    if kind == PUBLIC:
        return Vault(_PUBLIC_KEY, None, None)
    folder, marker = home / "keys", home / "keyed.json"
    _private_folder(folder)
    path = folder / "key"
    if not path.exists():
        _draw(path, marker)
    salts = folder / "salts.jsonl"
    if marker.exists() and not salts.exists():
        raise BadInput(f"The patients' salts {salts} are missing although datasets use them; restore their backup.")
    vault = Vault(_read_key(path), salts, marker)
    if marker.exists() and read_json(marker)["fingerprint"] != vault.fingerprint:
        raise BadInput(
            f"The key {path} has the fingerprint {vault.fingerprint}, but the datasets of {home} were made with "
            f"{read_json(marker)['fingerprint']}; restore that key from its backup, or use another UNIRG_HOME."
        )
    return vault


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _draw(path: Path, marker: Path) -> None:
    """Put a new key in place; of two that try at once the first wins, and no half-written key is ever seen."""
    if marker.exists():
        raise BadInput(
            f"The key {path} is missing, but {marker} says that datasets were made with it (fingerprint "
            f"{read_json(marker)['fingerprint']}); restore it from its backup, or use another UNIRG_HOME."
        )
    temporary = path.with_name(f".key.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        _append(temporary, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)


def _read_key(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise BadInput(f"The key {path} is open to other users; say: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadInput(f"The key {path} is damaged (it must hold {2 * _KEY_BYTES} hex digits); restore its backup.")
    return key


def _append(path: Path, content: bytes) -> None:
    """Append to a file of mode 0600 and wait until the disk has it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
