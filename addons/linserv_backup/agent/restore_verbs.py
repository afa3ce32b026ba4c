"""Verbs of the host that something is restored to."""

from typing import Any, Callable, Dict

VERBS: Dict[str, Callable[[Any, Dict[str, Any]], Dict[str, Any]]] = {}
