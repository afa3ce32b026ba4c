"""Runs as a child process: counts sources with pygount under limits, and forgets them.

One JSON document on standard input: `{"cpu_seconds", "memory_bytes", "files": [[path, base64], …]}`; for each file one
JSON line on standard output, in order: `[language, code, documentation, empty, string]`, or null where pygount gave up.
Sources come from a customer's host and may be made to break a lexer, hence the process of its own.
"""

import base64
import io
import json
import logging
import os
import resource
import sys


def main() -> None:
    """Count until the input ends or a limit ends the process."""
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_seconds"], order["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (order["memory_bytes"], order["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    logging.disable(logging.CRITICAL)
    for path, content in order["files"]:
        sys.stdout.write(json.dumps(_count(path, base64.b64decode(content))) + "\n")
        sys.stdout.flush()


def _count(path: str, content: bytes) -> object:
    from pygount import SourceAnalysis  # noqa: PLC0415  (under the limits)

    text = io.StringIO(content.decode("utf-8", "replace"))
    try:
        found = SourceAnalysis.from_file(
            path, "", encoding="utf-8", generated_regexes=[], duplicate_pool=None, file_handle=text
        )
    except (MemoryError, RecursionError, ValueError, LookupError, OSError, AssertionError):
        return None
    return [
        found.language,
        found.code_count,
        found.documentation_count,
        found.empty_count,
        found.string_count,
    ]


if __name__ == "__main__":
    main()
