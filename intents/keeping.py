"""What was learnt, kept on disk, so that the next start need not learn it again.

A kept file is named by its kind and the digest of all it was learnt from. What is damaged, old or unreadable is as good as absent: it is learnt again.
"""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FORMAT: Final = "17"  # of the arrays and of how they are learnt: a change here makes all that was kept worthless
_MOST_KEPT: Final = 3  # files of one kind in one folder
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)

Arrays = dict[str, npt.NDArray[Any]]
_recent: OrderedDict[str, Arrays] = (
    OrderedDict()
)  # what this process learnt last: it never changes, so a reload of the same content need not learn it again
_MOST_RECENT: Final = 2


def digest_of(*learnt_from: object) -> str:
    """A hexadecimal SHA-256 of what something is learnt from: lists, mappings with keys in any order, and texts."""
    return hashlib.sha256(json.dumps([FORMAT, *learnt_from], sort_keys=True).encode()).hexdigest()


def fetch(folder: Path | None, kind: str, digest: str) -> Arrays | None:
    """The arrays kept under `digest` in `folder`, or by this process, or None if there are none that can be trusted."""
    if _key(kind, digest) in _recent:
        return dict(_recent[_key(kind, digest)])
    if folder is None:
        return None
    try:
        with (folder / _name(kind, digest)).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return arrays if bytes(arrays.pop("digest")).decode() == digest else None
    except _UNREADABLE:
        return None


def keep(folder: Path | None, kind: str, digest: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Keep `arrays`, whole or not at all: on disk if there is a `folder`, else in this process. A full or read-only disk must not stop an answer."""
    if folder is None:
        _recent[_key(kind, digest)] = dict(arrays)
        while len(_recent) > _MOST_RECENT:
            _recent.popitem(last=False)
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, digest=as_bytes(digest), **arrays)
            Path(name).replace(folder / _name(kind, digest))
        finally:
            Path(name).unlink(missing_ok=True)
        kept = sorted(folder.glob(f"{kind}-*.npz"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in kept[_MOST_KEPT:]:
            path.unlink(missing_ok=True)


def forget() -> None:
    """Forget what this process learnt; what is on disk stays."""
    _recent.clear()


def as_bytes(text: str) -> npt.NDArray[np.uint8]:
    """A text as an array, to be kept with the others."""
    return np.frombuffer(text.encode(), np.uint8)


def _key(kind: str, digest: str) -> str:
    return f"{kind}-{digest}"


def _name(kind: str, digest: str) -> str:
    return f"{kind}-{digest[:32]}.npz"
