"""The verbs about an instance's code: list it, count it, and hand out named files of it for an audit."""

import hashlib
import json
from typing import Any, Dict

from . import cache
from .discovery import DatabaseChild, addons_folders, core_folders, split_places
from .errors import CountError
from .sources import own_source
from .tracking import signature, unchanged

CACHE_NAME = "code-count.json"
Answer = Dict[str, Any]


def code_list(context: Any, _args: Dict[str, Any]) -> Answer:
    """Return the installed modules that are counted, where they lie, and how much code lives in the database."""
    return _Request(context, {}).listing()


def code_count(context: Any, args: Dict[str, Any]) -> Answer:
    """Return the root hash of the instance's code, and the counts below it unless `known_root` is that root."""
    return _Request(context, args).count()


def code_audit(context: Any, args: Dict[str, Any]) -> Answer:
    """Return the contents of named `files` ([module, path]) and, with `run_official`, the official tool's own count."""
    from .audit import audit  # noqa: PLC0415  (seldom needed; the agent is compiled anew on every call)

    request = _Request(context, {})
    return audit(request, args.get("files") or [], bool(args.get("run_official")))


code_list.args = {}  # type: ignore[attr-defined]
code_count.args = {"profile": (str, type(None)), "known_root": (str, type(None))}  # type: ignore[attr-defined]
code_audit.args = {"files": list, "run_official": bool}  # type: ignore[attr-defined]
VERBS = {"code.list": code_list, "code.count": code_count, "code.audit": code_audit}


class _Request:
    """One request about an instance."""

    def __init__(self, context: Any, args: Dict[str, Any]) -> None:
        if not context.instance:
            raise CountError("instance_missing", "this verb is about an instance")
        self.context, self.args = context, args
        self.instance: Dict[str, Any] = context.instance
        for key in ("database", "python", "core_addons_path"):
            if not self.instance.get(key):
                raise CountError("config_invalid", "the instance has no %s in agent.json" % key)
        self.engine = hashlib.sha256(own_source("line_counter.py").encode("utf-8")).hexdigest()
        self.saved = cache.load(self._cache_path())
        self.plan = self._plan()

    def _cache_path(self) -> Any:
        return self.context.cache_directory / CACHE_NAME

    def _plan(self) -> Dict[str, Any]:
        """Return how to count: series, refined profile, the host's tool; remembered while that tool is unchanged."""
        wanted = [self.args.get("profile"), self.instance, self.engine]
        plan: Dict[str, Any] = self.saved.get("plan") or {}
        if plan.get("for") == wanted and plan["tool"][0] and signature(plan["tool"][0]) == plan["tool"][1]:
            return plan
        from . import line_counter, rule  # noqa: PLC0415  (not needed while nothing changed)

        series = rule.choose_profile(self.args.get("profile"), self.instance)
        path = rule.find_tool(self.instance)
        mark = signature(path) if path else None
        tool = rule.read_tool(self.instance)
        profile, odd = rule.refine(line_counter.PROFILES[series], tool)
        told = {"series": series, "profile": profile, "cloc_sha256": rule.tool_hash(tool), "odd": odd}
        return json.loads(json.dumps({"for": wanted, "tool": [path, mark], **told}))  # type: ignore[no-any-return]

    def found(self) -> Answer:
        """Return what the database says is installed."""
        return DatabaseChild(self.instance, self.plan["profile"][-1]).result()

    def rule(self, found: Answer) -> Answer:
        """Return by which rule this instance is counted."""
        return {"profile": self.plan["series"], "cloc_sha256": self.plan["cloc_sha256"], "python": found["python"]}

    def count(self) -> Answer:
        """Answer from memory when neither database nor disk changed, else count."""
        child = DatabaseChild(self.instance, self.plan["profile"][-1])
        last = self.saved.get("last") or {}
        still = bool(last.get("tracked")) and unchanged(last["tracked"])
        found = child.result()
        key = hashlib.sha256(json.dumps([self.plan, found]).encode("ascii")).hexdigest()
        if not (still and last.get("key") == key):
            last = self._count(found, key)
        answer = {
            "root": last["root"],
            "unchanged": last["root"] == self.args.get("known_root"),
            "rule": self.rule(found),
        }
        if answer["unchanged"]:
            return answer
        return {**answer, **{name: last[name] for name in ("tree", "code", "total", "notes_count")}}

    def _count(self, found: Answer, key: str) -> Answer:
        from .count import Counter  # noqa: PLC0415  (not needed while nothing changed)

        counts = self.saved.get("counts") or {}
        known = counts.get("answers", {}) if counts.get("by") == self._by(found) else {}
        counter = Counter(self.instance, self.profile(), known, self.context.progress)
        last = {**counter.count(found, self._own_notes()), "key": key}
        kept = {"by": self._by(found), "answers": counter.used}
        cache.save(self._cache_path(), {"plan": self.plan, "last": last, "counts": kept})
        return last

    def _by(self, found: Answer) -> Answer:
        """Return what, beside its content, decides a file's count."""
        return {"profile": self.plan["profile"], "python": found["python"], "engine": self.engine}

    def profile(self) -> Any:
        """Return the refined profile."""
        from .line_counter import restore_profile  # noqa: PLC0415

        return restore_profile(self.plan["profile"])

    def _own_notes(self) -> Any:
        from .line_counter import note  # noqa: PLC0415

        message = "the host's official tool is none that was published: %s" % ", ".join(self.plan["odd"])
        return [note("rule_differs", "", None, message)] if self.plan["odd"] else []

    def listing(self) -> Answer:
        """Return the counted modules with their folders, and what cannot be counted."""
        found = self.found()
        folders = addons_folders(self.instance)
        cores = core_folders(folders, self.profile().standard_modules)
        counted, own, missing = split_places(found["modules"], folders, cores)
        return {
            "rule": self.rule(found),
            "modules": [{"name": place.name, "path": place.real} for place in sorted(counted)],
            "own": len(own),
            "missing": sorted(missing),
            "imported": found["imported"],
            "customisations": len(found["customisations"]),
        }
