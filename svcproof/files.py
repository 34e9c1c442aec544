"""Files that others read while they are written."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Put *text* at *path* so that a reader finds either the old text or the new, never a part."""
    new = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:  # noqa: PTH123 - with its mode
            file.write(text)
        new.replace(path)
    except OSError:  # a full disk, say
        new.unlink(missing_ok=True)
        raise
