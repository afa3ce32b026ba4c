"""Verbs of a customer's host, read only: what a backup host may ask of it."""

from typing import Any, Callable, Dict

VERBS: Dict[str, Callable[[Any, Dict[str, Any]], Dict[str, Any]]] = {}
