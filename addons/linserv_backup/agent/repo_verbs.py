"""Verbs of a backup host: taking, proving, listing and deleting points."""

from typing import Any, Callable, Dict

VERBS: Dict[str, Callable[[Any, Dict[str, Any]], Dict[str, Any]]] = {}
