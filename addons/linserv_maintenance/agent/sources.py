"""The texts of this package's own files, wherever it is run from: a folder or the agent's archive."""

import os
from typing import Any


def own_source(name: str) -> str:
    """Return the text of the file `name` beside this one."""
    loader: Any = globals()["__loader__"]
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), name))
    return data.decode("utf-8")
