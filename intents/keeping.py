"""A fitted model kept on disk, so that the next start need not learn it again.

A kept model is named by the digest of all it was learnt from. What is damaged, old or unreadable is as good as absent: it is learnt again.
"""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np

from intents.features import Reader
from intents.model import FORMAT, Arrays, Model

_MOST_KEPT: Final = 3  # models in one folder
_NAME: Final = "matcher-{}.npz"
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def digest_of(shelves: Sequence[Sequence[str]], lexicon: Mapping[str, Sequence[str]]) -> str:
    """What the model depends on, as a hexadecimal SHA-256."""
    said = json.dumps([FORMAT, [list(shelf) for shelf in shelves], {name: list(lexicon[name]) for name in sorted(lexicon)}])
    return hashlib.sha256(said.encode()).hexdigest()


def fetch(folder: Path, digest: str, lexicon: Mapping[str, Sequence[str]]) -> Model | None:
    """The model kept under `digest`, or None if there is none that can be trusted."""
    try:
        with np.load(folder / _NAME.format(digest[:32]), allow_pickle=False) as kept:
            if bytes(kept["digest"]).decode() != digest:
                return None
            counts = json.loads(bytes(kept["counts"]).decode())
            arrays = Arrays(**{field.name: kept[field.name] for field in fields(Arrays)})
    except _UNREADABLE:
        return None
    whole = len(arrays.keys) == len(arrays.weights) == len(arrays.rarity) == len(arrays.starts) - 1
    return Model(Reader(counts, lexicon), arrays, counts) if whole else None


def keep(folder: Path, digest: str, model: Model) -> None:
    """Keep `model`, whole or not at all. A full or read-only disk must not stop an answer."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    digest=np.frombuffer(digest.encode(), np.uint8),
                    counts=np.frombuffer(json.dumps(dict(model.counts)).encode(), np.uint8),
                    **{field.name: getattr(model.arrays, field.name) for field in fields(Arrays)},
                )
            Path(name).replace(folder / _NAME.format(digest[:32]))
        finally:
            Path(name).unlink(missing_ok=True)
        _forget_the_oldest(folder)


def _forget_the_oldest(folder: Path) -> None:
    kept = sorted(folder.glob(_NAME.format("*")), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in kept[_MOST_KEPT:]:
        path.unlink(missing_ok=True)
