"""The files of one export, in an archive that opens with a passphrase and belongs to its owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from adapters.export.table import to_csv
from bot.export import Record, as_data
from policy_content.model import Library

FORMATS = ("pdf", "json", "csv")


def files(library: Library, records: Sequence[Record], formats: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file: a PDF and a JSON for each concern, one CSV for all."""
    from adapters.export.pdf import to_pdf  # noqa: PLC0415 (half a second to load, for this command alone)

    for record in records:
        if "pdf" in formats:
            yield f"{record.reference}.pdf", to_pdf(library, record)
        if "json" in formats:
            text = json.dumps(as_data(record), ensure_ascii=False, indent=2)
            yield f"{record.reference}.json", f"{text}\n".encode()
    if "csv" in formats:
        yield "concerns.csv", to_csv(records)


def write(folder: Path, name: str, held: Sequence[tuple[str, bytes]], passphrase: str) -> Path:
    """Write the archive, AES-256, readable by its owner alone (0600). Raises `FileExistsError`, `OSError`."""
    import pyzipper  # noqa: PLC0415 (likewise)

    path = folder / f"{name}.zip"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with (
            os.fdopen(handle, "w+b") as raw,
            pyzipper.AESZipFile(raw, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive,
        ):
            archive.setpassword(passphrase.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
            for file, content in held:
                archive.writestr(file, content)
    except BaseException:
        path.unlink(missing_ok=True)  # half an archive looks like a whole one
        raise
    return path
