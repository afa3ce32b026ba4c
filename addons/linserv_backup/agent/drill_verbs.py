"""Verbs of a backup or DR host that proves a point by restoring it."""

from typing import Any, Callable, Dict

VERBS: Dict[str, Callable[[Any, Dict[str, Any]], Dict[str, Any]]] = {}
