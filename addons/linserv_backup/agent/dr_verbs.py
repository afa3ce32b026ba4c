"""Verbs of a DR host, which keeps second copies."""

from typing import Any, Callable, Dict

VERBS: Dict[str, Callable[[Any, Dict[str, Any]], Dict[str, Any]]] = {}
