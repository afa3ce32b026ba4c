#!/usr/bin/env python3
"""Count the lines of Odoo modules by the rule of Odoo's own ``cloc``, and survive what it does not.

    python3 line_counter.py --profile 14.0 PATH…

prints JSON: per module its files ``[path, sha256, code, total, state]``, the sums, the errors, and notes about what
the official tool stumbles over. One file of the standard library, Python 3.7 and later. The interpreter that runs it is
part of the rule, because Python files are counted over the nodes of its own syntax tree.

Nothing of a module is imported or run. Contents are only looked at in child processes with limits on CPU time and
memory, since some of them crash an interpreter; the file that broke a child counts 0 and the next child goes on.
"""

import ast
import errno
import fnmatch
import gc
import hashlib
import json
import os
import re
import signal
import stat
import sys
import warnings
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

MANIFESTS = ("__manifest__.py", "__openerp__.py")
EXCLUDE_KEYS = ("cloc_exclude", "demo", "demo_xml")
OLD_EXCLUDE = (
    "__manifest__.py",
    "__openerp__.py",
    "tests/**/*",
    "static/lib/**/*",
    "static/tests/**/*",
    "migrations/**/*",
)
NEW_EXCLUDE = (*OLD_EXCLUDE, "upgrades/**/*")
OLD_EXTENSIONS = (".py", ".js", ".xml")
NEW_EXTENSIONS = (*OLD_EXTENSIONS, ".css", ".scss")
MAX_FILE_SIZE = 25 * 2**20
MAX_MANIFEST_SIZE = 2**20
MAX_STARS = 8
MOST_STEPS = 10**8
MOST_STARS_SPLIT = 50000
TIME_IS_UP = (signal.SIGPROF, signal.SIGALRM)
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
READY = "ready"
NO_MEMORY = 82
NO_ROOM = 83
LONG_SPACES = " " * 20000
ODD_CHARACTERS = re.compile(
    "[\\\\\x00-\x1f\x7f-\x9f<>\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
#: From this version on a final ``**`` of a glob takes files too, and ``**`` may stand inside a name.
NEW_GLOB = sys.version_info >= (3, 13)


class Profile(NamedTuple):
    """What differs between the series' official tools.

    ``customisations`` names the rule for computed fields in a database: ``unowned`` (no module's id),
    ``studio`` (the same, but Studio's own fields only when named so), ``manual`` (every manual field but Studio's).
    """

    extensions: Tuple[str, ...]
    exclude: Tuple[str, ...]
    max_line_size: Optional[int]
    skips_empty_globs: bool
    standard_modules: Tuple[str, ...]
    customisations: str


def restore_profile(values: Sequence[Any]) -> Profile:
    """Return the profile that was written as JSON."""
    restored: List[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return Profile(*restored)


OLD_CORE = ("web", "web_enterprise", "website_animate", "base")
NEW_CORE = ("web", "web_enterprise", "theme_common", "base")
#: 14.0 is the tool of Odoo 14.0 as Debian ships it; the others are those of the series' maintained branches.
PROFILES = {
    "14.0": Profile(OLD_EXTENSIONS, OLD_EXCLUDE, None, False, OLD_CORE, "unowned"),
    "15.0": Profile(OLD_EXTENSIONS, NEW_EXCLUDE, 100000, True, NEW_CORE, "studio"),
    "16.0": Profile(NEW_EXTENSIONS, NEW_EXCLUDE, 100000, True, NEW_CORE, "studio"),
    "17.0": Profile(NEW_EXTENSIONS, NEW_EXCLUDE, 100000, True, NEW_CORE, "manual"),
    "18.0": Profile(NEW_EXTENSIONS, NEW_EXCLUDE, 100000, True, NEW_CORE, "manual"),
}

Count = Tuple[int, int, str]
Note = Dict[str, Any]
Job = Sequence[Any]


# ---------------------------------------------------------------- counting a text


def count_text(text: str, extension: str, profile: Profile) -> Count:
    """Return ``(code, total, state)`` of a file's text; whatever is not ``ok`` counts 0."""
    text = text.strip() + "\n"
    if extension == ".py":
        return _count_python(text)
    if extension == ".xml":
        return _filled_lines(_without_xml_comments(text)), text.count("\n"), "ok"
    limit = profile.max_line_size
    if limit is not None and len(text) > limit and max(map(len, text.split("\n"))) > limit:
        return 0, 0, "line_too_long"
    return _filled_lines(_without_comments(text, extension)), text.count("\n"), "ok"


def _count_python(text: str) -> Count:
    try:
        return _node_lines(ast.parse(text)), text.count("\n"), "ok"
    except RecursionError:
        return 0, 0, "recursion"
    except MemoryError:
        return 0, 0, "memory"
    except Exception:  # noqa: BLE001  (the rule: whatever the parser raises, the file counts 0)
        return 0, 0, "syntax"


def _node_lines(tree: ast.AST) -> int:
    """Return on how many lines a node of the tree begins.

    A node that begins and ends on one line is not searched further, for its parts are on that line too. Decorators are
    not: they stand above the line where their function begins.
    """
    lines: Set[int] = set()
    stack: List[Any] = [tree]
    pop, push, add = stack.pop, stack.append, lines.add
    while stack:
        fields = pop().__dict__
        line = fields.get("lineno")
        if line is not None:
            add(line)
            if line == fields.get("end_lineno"):
                stack.extend(fields.get("decorator_list", ()))
                continue
        for value in fields.values():
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        push(item)
            elif isinstance(value, ast.AST):
                push(value)
    return len(lines)


def _filled_lines(text: str) -> int:
    return sum(map(bool, map(str.strip, text.split("\n"))))


def _without_xml_comments(text: str) -> str:
    kept, position = [], 0
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + 3
        start = text.find("<!--", position)
    return "".join(kept) + text[position:] if position else text


_STRINGS = r"""'[^'\\]*'|"[^"\\]*"|(['"]"""
_WHOLE_STRINGS = r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*\""""
_LANGUAGES = {
    ".js": (r"//[^\n]*", r"(?<!\\)/\*"),
    ".scss": (r"//[^\n]*", r"/\*"),
    ".css": (r"(?!)", r"/\*"),
}
#: Per language: group 1 is a line comment, group 2 what needs a closer look, no group a plain string.
_TOKENS = {name: re.compile(r"(%s)|%s|%s)" % (line, _STRINGS, block)) for name, (line, block) in _LANGUAGES.items()}
_TOKENS_NO_BLOCKS = {name: re.compile(r"(%s)|%s)" % (line, _STRINGS)) for name, (line, _) in _LANGUAGES.items()}
_SPLITS = {
    name: re.compile(r"%s|%s[^*]*\*+(?:[^/*][^*]*\*+)*/|(%s)" % (line, block, _WHOLE_STRINGS), re.DOTALL)
    for name, (line, block) in _LANGUAGES.items()
}
_QUOTE_ENDS = {quote: re.compile(r"\\.|" + quote, re.DOTALL) for quote in "'\""}


def _without_comments(text: str, extension: str) -> str:
    """Return the text without the comments outside strings.

    Texts of every day are split in one go. What could make that take its time, or much memory, is read step by step.
    """
    closed = text.rfind("*/") >= text.rfind("/*") + 2 or "/*" not in text
    if closed and text.count("\\") * len(text) < MOST_STEPS and text.count("*") < MOST_STARS_SPLIT:
        return "".join(filter(None, _SPLITS[extension].split(text)))
    return _without_comments_stepwise(text, extension)


def _without_comments_stepwise(text: str, extension: str) -> str:
    """Return the text without the comments outside strings, in linear time.

    A string or comment that never ends is none, and then no later one of its kind ends either: each kind is searched in
    vain once at most.
    """
    kept: List[str] = []
    hopeless: Set[str] = set()
    position = start = 0
    tokens = _TOKENS[extension]
    while start >= 0:
        begin, start = start, -1
        for found in tokens.finditer(text, begin):
            if found.lastindex == 1:
                kept.append(text[position : found.start()])
                position = found.end()
            elif found.lastindex:
                start = found.start() + 1
                break
        if start < 0:
            break
        if text[start - 1] != "/":
            start = _string_end(text, start, hopeless)
            continue
        end = text.find("*/", start + 1)
        if end < 0:
            tokens = _TOKENS_NO_BLOCKS[extension]
            continue
        kept.append(text[position : start - 1])
        position = start = end + 2
    return "".join(kept) + text[position:] if position else text


def _string_end(text: str, start: int, hopeless: Set[str]) -> int:
    """Return where the string that begins before ``start`` ends, ``start`` itself for one that never does."""
    quote = text[start - 1]
    if quote in hopeless:
        return start
    for step in _QUOTE_ENDS[quote].finditer(text, start):
        if step.group() == quote:
            return step.end()
    hopeless.add(quote)
    return start


# ---------------------------------------------------------------- what a module leaves out


class BadGlobError(ValueError):
    """A pattern in a manifest at which the official tool stops."""


class Glob:
    """One pattern of a manifest, matched against the parts of a path inside the module, in linear time."""

    def __init__(self, pattern: Any, profile: Profile) -> None:
        parts = [part for part in pattern.split("/") if part not in ("", ".")] if isinstance(pattern, str) else []
        if not parts or pattern.startswith("/"):
            raise BadGlobError(pattern)
        if any(part.count("*") > MAX_STARS or ("**" in part and part != "**" and not NEW_GLOB) for part in parts):
            raise BadGlobError(pattern)
        if profile.customisations == "manual" and ".." in pattern:
            raise BadGlobError(pattern)
        self._never = ".." in parts or (pattern.endswith("/") and sys.version_info >= (3, 11))
        self._parts = [None if part == "**" else _part_matcher(part) for part in parts]

    def matches(self, parts: Sequence[str]) -> bool:
        """Tell whether the file at ``parts`` is meant: ``**`` stands for any number of folders."""
        if self._never:
            return False
        states = self._closure({0})
        for number, part in enumerate(parts):
            folder = number < len(parts) - 1
            states = self._closure(set(self._step(states, part, folder)))
        return len(self._parts) in states

    def _step(self, states: Set[int], part: str, folder: bool) -> Iterator[int]:
        last = len(self._parts) - 1
        for state in states:
            if state > last:
                continue
            matcher = self._parts[state]
            if matcher is None and (folder or (NEW_GLOB and state == last)):
                yield state
            if matcher is not None and matcher(part):
                yield state + 1

    def _closure(self, states: Set[int]) -> Set[int]:
        for state in sorted(states):
            while (
                state < len(self._parts) and self._parts[state] is None and (NEW_GLOB or state < len(self._parts) - 1)
            ):
                state += 1  # noqa: PLW2901
                states.add(state)
        return states


def _part_matcher(part: str) -> Callable[[str], Any]:
    if any(sign in part for sign in "*?["):
        return re.compile(fnmatch.translate(part)).match
    return part.__eq__


class Exclusion:
    """What is left out of a module: the tool's own list, then the manifest's patterns."""

    def __init__(self, patterns: Sequence[Sequence[Any]], profile: Profile) -> None:
        """Take ``[key, pattern]`` pairs; the key ``default`` is the tool's own list."""
        own = [pattern for key, pattern in patterns if key == "default"]
        self._names = {pattern for pattern in own if "*" not in pattern}
        self.folders = {pattern[:-5] for pattern in own if "*" in pattern}
        self._globs: List[Tuple[str, Any, Glob]] = []
        self.bad: List[Any] = []
        for key, pattern in patterns:
            if key == "default" or (pattern == "" and profile.skips_empty_globs):
                continue
            try:
                self._globs.append((key, pattern, Glob(pattern, profile)))
            except BadGlobError:
                self.bad.append(pattern)

    def by_tool(self, path: str) -> bool:
        """Tell whether the tool itself leaves the file out."""
        return path in self._names

    def by_manifest(self, path: str) -> Optional[str]:
        """Return the manifest's key that leaves the file out, if one does."""
        if not self._globs:
            return None
        parts = path.split("/")
        return next((key for key, _pattern, glob in self._globs if glob.matches(parts)), None)


def manifest_patterns(folder: str, profile: Profile) -> Tuple[List[List[Any]], List[Note]]:
    """Return a module's ``[key, pattern]`` pairs and what is odd about its manifest."""
    patterns: List[List[Any]] = []
    notes = []
    for name in MANIFESTS:
        try:
            content = read_regular(os.path.join(folder, name), MAX_MANIFEST_SIZE)
        except UnreadableError as error:
            if error.kind != "missing":
                notes.append(note(error.kind, name, message="the manifest cannot be read"))
            continue
        patterns.extend(["default", pattern] for pattern in profile.exclude)
        if _extend_patterns(patterns, content.decode("latin-1")):
            break
        notes.append(note("bad_manifest", name, message="the manifest is no dictionary of plain values"))
    return patterns, notes


def _extend_patterns(patterns: List[List[Any]], text: str) -> bool:
    """Add what the manifest says up to the first thing that is not as expected; tell whether all was."""
    try:
        values = ast.literal_eval(text)
        for key in EXCLUDE_KEYS:
            patterns.extend([key, pattern] for pattern in list(values.get(key, [])))
    except Exception:  # noqa: BLE001  (the rule: any other manifest has the default exclusions)
        return False
    return True


# ---------------------------------------------------------------- files and folders


class UnreadableError(Exception):
    """A file that is not counted; ``kind`` says why."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_regular(path: str, limit: int = MAX_FILE_SIZE) -> bytes:
    """Return the content of a regular file, never waiting for a FIFO or a device; raise UnreadableError."""
    try:
        stream = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            status = os.fstat(stream)
            _check_regular(status, limit)
            content = _read_all(stream, status.st_size, limit)
        finally:
            os.close(stream)
    except OSError as error:
        raise UnreadableError(_error_kind(error, path)) from error
    except ValueError as error:
        raise UnreadableError("unreadable") from error
    if len(content) > limit:
        raise UnreadableError("too_large")
    return content


def _read_all(stream: int, size: int, limit: int) -> bytes:
    content = os.read(stream, size + 1)
    while len(content) != size and len(content) <= limit:
        more = os.read(stream, limit + 1 - len(content))
        if not more:
            break
        content += more
    return content


def _check_regular(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("not_regular")
    if status.st_size > limit:
        raise UnreadableError("too_large")


def _error_kind(error: OSError, path: str) -> str:
    if error.errno == errno.ELOOP:
        return "link_loop"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "dangling_link" if os.path.islink(path) else "missing"
    return "unreadable"


def note(kind: str, path: str = "", lines: Optional[int] = None, message: str = "") -> Note:
    """Return one thing met that a reader of the count should know."""
    return {"kind": kind, "module": "", "path": printable(path), "lines": lines, "message": message}


def printable(path: str) -> str:
    """Return a path whose odd characters, backslash included, are written as ``\\uXXXX``: reversible and harmless."""
    return ODD_CHARACTERS.sub(lambda found: "\\u%04x" % ord(found.group()), path)


class Walk(NamedTuple):
    """What lies in a module's folder, paths relative to it: ``folders`` read, ``files`` to count, ``excluded``
    by the manifest as ``(path, key)``, and ``notes``."""

    folders: List[str]
    files: List[str]
    excluded: List[Tuple[str, str]]
    notes: List[Note]


def walk(folder: str, exclusion: Exclusion, profile: Profile) -> Walk:
    """Return what of a module is counted. Linked folders are not entered, linked files are read."""
    seen = Walk([], [], [], [])
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(os.path.join(folder, prefix)) as entries:
                for entry in entries:
                    name = entry.name
                    try:
                        folder_here = entry.is_dir()
                    except OSError:
                        folder_here = False
                    if folder_here:
                        if prefix + name not in exclusion.folders and not entry.is_symlink():
                            waiting.append(prefix + name + "/")
                    elif "." + name.rpartition(".")[2].lower() in profile.extensions:
                        _sort_file(prefix + name, seen, exclusion, profile)
        except OSError:
            seen.notes.append(note("unreadable_folder", prefix, message="nothing below it is counted"))
        seen.folders.append(prefix)
    return seen


def _sort_file(path: str, seen: Walk, exclusion: Exclusion, profile: Profile) -> None:
    if os.path.splitext(path)[1].lower() not in profile.extensions or exclusion.by_tool(path):
        return
    key = exclusion.by_manifest(path)
    if key is None:
        seen.files.append(path)
    else:
        seen.excluded.append((path, key))
    if ODD_CHARACTERS.search(path):
        seen.notes.append(note("odd_name", path, message="the name has characters that cannot be shown"))


# ---------------------------------------------------------------- work in a child process


def _do_job(job: Job, profile: Profile) -> Dict[str, Any]:
    if job[0] == "manifest":
        patterns, notes = manifest_patterns(job[1], profile)
        return {"patterns": patterns, "notes": notes}
    try:
        content = read_regular(job[1]) if job[0] == "file" else job[1].encode("utf-8", "surrogatepass")
    except UnreadableError as error:
        state = "too_large" if error.kind == "too_large" else "unreadable"
        return {"sha256": "", "code": 0, "total": 0, "state": state, "lines": 0, "kind": error.kind}
    text = content.decode("latin-1") if job[0] == "file" else job[1]
    extension = os.path.splitext(job[1])[1].lower() if job[0] == "file" else ".py"
    code, total, state = count_text(text, extension, profile)
    answer = {"sha256": hashlib.sha256(content).hexdigest(), "code": code, "total": total, "state": state}
    if state != "ok":
        answer["lines"] = _filled_lines(text)
    elif LONG_SPACES in text and extension != ".py":
        answer["kind"] = "slow_spaces"
    return answer


def work(output: int) -> None:
    """Do the jobs on standard input; write a JSON line to the file ``output`` as soon as one is done.

    Each job has its own two timers, whose signals end the child. Without memory it ends too, for what it does next
    could suffer from what it did before.
    """
    warnings.simplefilter("ignore")
    gc.disable()
    head = json.loads(sys.stdin.read())
    profile = restore_profile(head["profile"])
    parent = os.getppid()
    _tell(output, READY)
    for job in head["jobs"]:
        signal.setitimer(signal.ITIMER_PROF, head["cpu"])
        signal.setitimer(signal.ITIMER_REAL, head["clock"])
        try:
            answer = _do_job(job, profile)
        except MemoryError:
            sys.exit(NO_MEMORY)
        if answer.get("state") == "memory":
            sys.exit(NO_MEMORY)
        if os.getppid() != parent:
            return
        _tell(output, answer)


def _tell(output: int, value: Any) -> None:
    try:
        os.write(output, json.dumps(value).encode("ascii") + b"\n")
    except OSError:
        sys.exit(NO_ROOM)


class ChildError(Exception):
    """A child did not work at all, which says nothing about the files; ``code`` is a word for it.

    One that was killed from outside may do better the next time.
    """

    code = "python_broken"

    def __init__(self, python: str, status: int) -> None:
        super().__init__("%s ended with %d" % (python, status))
        self.retryable = -status in FROM_OUTSIDE


#: Runs in the child: sets its limits, reads this file's text from standard input, and works.
_BOOT = """
import json, resource, sys
head = json.loads(sys.stdin.readline())
for name, value in head["limits"]:
    resource.setrlimit(getattr(resource, name), (value, value))
space = {"__name__": "line_counter"}
exec(compile(head["source"], "line_counter.py", "exec"), space)
space["work"](int(sys.argv[1]))
"""


class Limits(NamedTuple):
    """Bounds: seconds of CPU time and of the clock for one job, the same for one child, its bytes of memory, and how
    many jobs one child is given."""

    job_cpu: int = 20
    job_clock: int = 60
    cpu: int = 600
    clock: int = 900
    memory: int = 1536 * 2**20
    jobs: int = 10000


class Crew:
    """Hands jobs to child processes, batch by batch; a job that breaks its child is tried once more alone."""

    def __init__(self, python: str, source: str, profile: Profile, limits: Limits = Limits()) -> None:  # noqa: B008
        """Take the interpreter to count with and this file's text."""
        self.python, self.source, self.profile, self.limits = python, source, profile, limits

    def run(self, jobs: Sequence[Job], done: Callable[[int], None] = lambda count: None) -> List[Dict[str, Any]]:
        """Return one answer for each job, in order; ``done`` hears how many are ready."""
        answers: List[Dict[str, Any]] = []
        alone = False
        while len(answers) < len(jobs):
            batch = jobs[len(answers) : len(answers) + (1 if alone else self.limits.jobs)]
            got, reason = self._child(batch)
            broke = len(got) < len(batch)
            if broke and (len(batch) == 1 or reason == "timeout"):
                got.append(_broken(batch[len(got)], reason))
                broke = False
            alone = broke
            answers += got
            done(len(answers))
        return answers

    def _child(self, batch: Sequence[Job]) -> Tuple[List[Dict[str, Any]], str]:
        """Return the answers of one child, and why it ended if there are fewer than jobs."""
        bounds = self.limits
        limits = [["RLIMIT_AS", bounds.memory], ["RLIMIT_CPU", bounds.cpu], ["RLIMIT_CORE", 0]]
        head = {"source": self.source, "limits": limits}
        order = {"profile": self.profile, "cpu": bounds.job_cpu, "clock": bounds.job_clock, "jobs": batch}
        orders = (json.dumps(head) + "\n" + json.dumps(order)).encode("ascii")
        output, code = run_child([self.python, "-I", "-S", "-c", _BOOT], orders, bounds.clock)
        told = [json.loads(line) for line in output.split("\n")[:-1]]
        if code == NO_ROOM:
            raise OSError(errno.ENOSPC, "no room for the answers of a child")
        if told[:1] != [READY] or (len(told) <= len(batch) and code not in _DEATHS):
            raise ChildError(self.python, code)
        return told[1:], _DEATHS.get(code, "")


def run_child(command: Sequence[str], orders: bytes, clock: float) -> Tuple[str, int]:
    """Run a command in its own session and an empty environment; return what it wrote and its exit code.

    It writes to a file and not to a pipe, so that this process need not wake for every line.
    """
    import subprocess  # noqa: PLC0415, S404  (children of this file must start fast)

    with (
        _scratch_file() as output,
        subprocess.Popen(  # noqa: S603  (an argument list, no shell)
            [*command, str(output.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
            pass_fds=[output.fileno()],
            start_new_session=True,
        ) as child,
    ):
        try:
            child.communicate(orders, timeout=clock)
            code = child.returncode
        except subprocess.TimeoutExpired:
            code = -signal.SIGXCPU
        finally:
            child.kill()
            child.wait()
        output.seek(0)
        return output.read().decode("ascii", "replace"), code


def _scratch_file() -> Any:
    """Return a file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("answers"), "w+b")  # noqa: SIM115  (closed by the caller)
    import tempfile  # noqa: PLC0415

    return tempfile.TemporaryFile()


#: Why a child ended before its jobs were done. Any other end is no fault of a file.
_DEATHS = {NO_MEMORY: "memory", **{-number: "crash" for number in set(signal.Signals) - set(FROM_OUTSIDE)}}
_DEATHS.update((-number, "timeout") for number in TIME_IS_UP)


def _broken(job: Job, reason: str) -> Dict[str, Any]:
    """Return the answer for a job that broke its child: nothing is counted."""
    if job[0] == "manifest":
        return {
            "patterns": None,
            "notes": [note("bad_manifest", MANIFESTS[0], message="reading it ends in: " + reason)],
        }
    content = b""
    try:
        content = read_regular(job[1]) if job[0] == "file" else job[1].encode("utf-8", "surrogatepass")
    except UnreadableError:
        reason = "unreadable"
    digest = hashlib.sha256(content).hexdigest() if reason != "unreadable" else ""
    return {"sha256": digest, "code": 0, "total": 0, "state": reason, "lines": content.count(b"\n")}


# ---------------------------------------------------------------- the command


class Module(NamedTuple):
    """A module before its files are counted: what its manifest leaves out and what lies in its folder."""

    folder: str
    exclusion: Exclusion
    seen: Walk
    notes: List[Note]


def look_at(folder: str, manifest: Dict[str, Any], profile: Profile) -> Module:
    """Return what lies in a module's folder, after the answer to its manifest job."""
    patterns = manifest["patterns"]
    notes = list(manifest["notes"])
    if patterns is None:
        patterns = [["default", pattern] for pattern in profile.exclude]
    if any(part in ("", ".") for part in folder.split("/")[folder.startswith("/") :]):
        patterns = []
        notes.append(note("odd_path", folder, message="the official tool excludes nothing below a path like this"))
    exclusion = Exclusion(patterns, profile)
    for bad in exclusion.bad:
        notes.append(note("bad_glob", message="a pattern at which the official tool stops: %.80s" % ascii(bad)))
    seen = walk(folder, exclusion, profile)
    return Module(folder, exclusion, seen, notes + seen.notes)


def count_modules(paths: Sequence[str], crew: Crew) -> List[Dict[str, Any]]:
    """Return the counts of modules' folders, as the official tool counts paths."""
    folders = [path.rstrip("/") for path in paths]
    manifests = crew.run([["manifest", folder] for folder in folders])
    modules = [look_at(folder, answer, crew.profile) for folder, answer in zip(folders, manifests)]
    jobs = [["file", os.path.join(module.folder, path)] for module in modules for path in module.seen.files]
    answers = iter(crew.run(jobs))
    return [module_count(module, [next(answers) for _path in module.seen.files]) for module in modules]


def module_count(module: Module, answers: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Return a module's count from the answers to its files' jobs."""
    files = sorted(file_row(path, answer) for path, answer in zip(module.seen.files, answers))
    return {
        "name": os.path.basename(module.folder),
        "path": module.folder,
        "files": files,
        "code": sum(row[2] for row in files),
        "total": sum(row[3] for row in files),
        "errors": {row[0]: row[4] for row in files if row[4] != "ok"},
        "notes": module.notes + answer_notes(zip(module.seen.files, answers)),
    }


def file_row(path: str, answer: Dict[str, Any]) -> List[Any]:
    """Return ``[path, sha256, code, total, state]``."""
    return [printable(path), answer["sha256"], answer["code"], answer["total"], answer["state"]]


_MESSAGES = {
    "not_regular": "not a regular file: the official tool hangs or stops",
    "dangling_link": "a link to nothing: the official tool stops",
    "link_loop": "a link to itself: the official tool stops",
    "unreadable": "cannot be read: the official tool stops",
    "missing": "went away while it was counted",
    "too_large": "larger than the official tool reads; counts 0",
    "line_too_long": "a line longer than the official tool takes; counts 0",
    "syntax": "not valid Python for this interpreter; counts 0",
    "recursion": "nested too deeply for this interpreter; counts 0",
    "memory": "needs more memory than is given; the official tool takes what it needs",
    "timeout": "needs more time than is given; the official tool waits for ever",
    "crash": "breaks the interpreter, and with it the official tool",
    "slow_spaces": "a long run of spaces, over which the official tool spends minutes",
}


def answer_notes(answers: Iterable[Tuple[str, Dict[str, Any]]]) -> List[Note]:
    """Return the notes on counted files: what counts 0, and what the official tool does not survive."""
    notes = []
    for path, answer in answers:
        kind = answer.get("kind") or answer["state"]
        if kind != "ok":
            notes.append(note(kind, path, answer.get("lines", 0), _MESSAGES.get(kind, "")))
    return notes


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Count the paths of the command line and print the result as JSON."""
    import argparse  # noqa: PLC0415  (children of this file must start fast)

    gc.disable()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--profile", choices=sorted(PROFILES), default="14.0", help="the Odoo series")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to count with")
    parser.add_argument("path", nargs="+", help="folder of a module")
    options = parser.parse_args(arguments)
    with open(os.path.abspath(__file__), encoding="utf-8") as source:
        crew = Crew(options.python, source.read(), PROFILES[options.profile])
    modules = count_modules(options.path, crew)
    sums = {key: sum(module[key] for module in modules) for key in ("code", "total")}
    print(json.dumps({"profile": options.profile, "modules": modules, **sums}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
