"""Counts an instance: what is known by its content's hash is not counted again."""

import base64
import hashlib
import os
import time
import zlib
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from . import aliens, line_counter, merkle
from .discovery import Place, addons_folders, core_folders, split_places
from .line_counter import Crew, Module, Profile, note
from .sources import own_source
from .tracking import signature

MOST_NOTES = 5000
#: A file system may give two changes within this time the same stamp; what is younger is not believed unread.
SETTLED_SECONDS = 2
Instance = Dict[str, Any]
Progress = Callable[[int, int, str], None]
Answer = Dict[str, Any]


class Scene(NamedTuple):
    """An instance as found: its counted modules, those taken for Odoo's own that are not, and what else was met."""

    counted: List[Tuple[Place, Module]]
    shadowed: List[Tuple[Place, Module, str]]
    notes: List[Dict[str, Any]]
    tracked: List[str]


class Counter:
    """One full count of an instance with what is remembered of the one before."""

    def __init__(self, instance: Instance, profile: Profile, counts: Dict[str, Answer], progress: Progress) -> None:
        self.instance, self.profile, self.progress = instance, profile, progress
        self.crew = Crew(instance["python"], own_source("line_counter.py"), profile)
        self.old = counts
        self.used: Dict[str, Answer] = {}

    def count(self, found: Dict[str, Any], notes: Sequence[Dict[str, Any]] = ()) -> Dict[str, Any]:
        """Return the tree, and what to remember, of what the database says is installed."""
        begin = time.time()
        scene = self.look(found)
        scene.notes.extend(notes)
        files = sorted({path for module in _modules(scene) for path in _paths(module)})
        tracked = [(path, signature(path)) for path in dict.fromkeys(scene.tracked + files)]
        texts = [code for _model, _key, code in found["customisations"] if code is not None]
        answers = self._answers([["file", path] for path in files] + [["text", text] for text in texts])
        by_path = dict(zip(files, answers))
        tree = {
            "modules": [self._module(place, module, by_path, scene) for place, module in scene.counted],
            "customisations": self._customisations(found, iter(answers[len(files) :]), scene),
            "notes": scene.notes,
        }
        for place, module, kind in scene.shadowed:
            scene.notes.append(_shadow_note(place, module, kind, by_path))
        tree["notes"] = _cut(scene.notes)
        settled = all(mark is None or mark[-1] < (begin - SETTLED_SECONDS) * 10**9 for _path, mark in tracked)
        return {**packed(tree), "tracked": tracked if settled else None}

    def look(self, found: Dict[str, Any]) -> Scene:
        """Return what lies where; every path whose change could change the count is tracked."""
        folders = addons_folders(self.instance)
        cores = core_folders(folders, self.profile.standard_modules)
        counted, own, missing = split_places(found["modules"], folders, cores)
        hidden = [(place, kind) for place, kind in aliens.find(own, cores)]
        places = counted + [place for place, _kind in hidden]
        manifests = self.crew.run([["manifest", place.real] for place in places])
        modules = [line_counter.look_at(place.real, got, self.profile) for place, got in zip(places, manifests)]
        notes = [_missing_note(name) for name in missing] + [_imported_note(name) for name in found["imported"]]
        for place, module in zip(counted, modules):
            notes += [{**met, "module": place.name} for met in module.notes]
        tracked = folders + [path for place, module in zip(places, modules) for path in _ground(place, module)]
        shadowed = [(place, module, kind) for (place, kind), module in zip(hidden, modules[len(counted) :])]
        return Scene(sorted(zip(counted, modules), key=lambda pair: pair[0].name), shadowed, notes, tracked)

    def _answers(self, jobs: Sequence[line_counter.Job]) -> List[Answer]:
        """Return an answer for each job, from memory where the content was counted before by the same rule."""
        keys = [_key(job) for job in jobs]
        fresh = [number for number, key in enumerate(keys) if key not in self.old]
        done = self.crew.run([jobs[number] for number in fresh], self._tell(len(jobs), len(jobs) - len(fresh)))
        answers = [self.old.get(key, {}) for key in keys]
        for number, answer in zip(fresh, done):
            answers[number] = answer
        for key, answer in zip(keys, answers):
            if key and answer["sha256"] == key[:64] and answer["state"] not in ("timeout", "unreadable"):
                self.used[key] = answer
        return answers

    def _tell(self, total: int, known: int) -> Callable[[int], None]:
        return lambda done: self.progress(known + done, total, "files")

    def _module(self, place: Place, module: Module, by_path: Dict[str, Answer], scene: Scene) -> Dict[str, Any]:
        answers = [by_path[os.path.join(module.folder, path)] for path in module.seen.files]
        count = line_counter.module_count(module, answers)
        left_out = [(path, key, by_path[os.path.join(module.folder, path)]) for path, key in module.seen.excluded]
        met = line_counter.answer_notes(zip(module.seen.files, answers)) + list(_exclusion_notes(left_out))
        scene.notes.extend({**one, "module": place.name} for one in met)
        kept = {key: count[key] for key in ("files", "code", "total")}
        excluded = sorted(line_counter.printable(path) for path, _key, _answer in left_out)
        return {"name": place.name, "path": line_counter.printable(place.real), **kept, "excluded": excluded}

    def _customisations(self, found: Dict[str, Any], answers: Iterable[Answer], scene: Scene) -> List[List[Any]]:
        rows = []
        supply = iter(answers)
        for model, name, code in found["customisations"]:
            nothing = {"sha256": hashlib.sha256(b"").hexdigest(), "code": 0, "total": 0, "state": "syntax"}
            answer = nothing if code is None else next(supply)
            key = line_counter.printable(name)
            rows.append([model, key, answer["sha256"], answer["code"], answer["total"], answer["state"]])
            scene.notes.extend(line_counter.answer_notes([("%s %s" % (model, name), answer)]))
        return sorted(rows)


def packed(tree: Dict[str, Any]) -> Dict[str, Any]:
    """Return the answer that carries a tree."""
    counts = [(module["code"], module["total"]) for module in tree["modules"]]
    counts += [(row[3], row[4]) for row in tree["customisations"]]
    return {
        "root": merkle.tree_root(tree),
        "tree": base64.b64encode(zlib.compress(merkle.canonical(tree), 6)).decode("ascii"),
        "code": sum(code for code, _total in counts),
        "total": sum(total for _code, total in counts),
        "notes_count": len(tree["notes"]),
    }


def _key(job: line_counter.Job) -> str:
    """Return by what a job's answer is remembered: the content's hash and how it is read; empty when unreadable."""
    if job[0] == "text":
        return hashlib.sha256(job[1].encode("utf-8", "surrogatepass")).hexdigest() + "text"
    try:
        content = line_counter.read_regular(job[1])
    except line_counter.UnreadableError:
        return ""
    return "%s%s" % (hashlib.sha256(content).hexdigest(), os.path.splitext(job[1])[1].lower())


def _modules(scene: Scene) -> List[Module]:
    return [module for _place, module in scene.counted] + [module for _place, module, _kind in scene.shadowed]


def _paths(module: Module) -> Iterable[str]:
    names = module.seen.files + [path for path, _key_ in module.seen.excluded]
    return (os.path.join(module.folder, name) for name in names)


def _ground(place: Place, module: Module) -> List[str]:
    """Return the folders and manifests of a module, whose change means that it must be looked at again."""
    manifests = [os.path.join(place.real, name) for name in line_counter.MANIFESTS]
    return [place.found, *manifests, *(os.path.join(place.real, folder) for folder in module.seen.folders)]


def _exclusion_notes(left_out: Sequence[Tuple[str, str, Answer]]) -> Iterable[Dict[str, Any]]:
    for key in sorted({key for _path, key, _answer in left_out}):
        answers = [answer for _path, found, answer in left_out if found == key]
        lines = sum(answer["code"] for answer in answers)
        kind = "manifest_exclusion" if key == "cloc_exclude" else "demo_exclusion"
        yield note(kind, "", lines, "%d files that the manifest names in %s" % (len(answers), key))


def _shadow_note(place: Place, module: Module, kind: str, by_path: Dict[str, Answer]) -> Dict[str, Any]:
    lines = sum(by_path[os.path.join(module.folder, path)]["code"] for path in module.seen.files)
    return {**note(kind, place.real, lines, aliens.MESSAGES[kind]), "module": place.name}


def _missing_note(name: str) -> Dict[str, Any]:
    message = "installed, but its sources are in no addons folder: the official tool stops"
    return {**note("missing_source", "", None, message), "module": name}


def _imported_note(name: str) -> Dict[str, Any]:
    return {
        **note("imported_module", "", None, "imported as data: only its code in the database counts"),
        "module": name,
    }


def _cut(notes: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    ordered = sorted(notes, key=lambda one: (one["module"], one["path"], one["kind"]))
    if len(ordered) <= MOST_NOTES:
        return ordered
    return [*ordered[:MOST_NOTES], note("notes_cut", "", None, "%d notes in all" % len(ordered))]
