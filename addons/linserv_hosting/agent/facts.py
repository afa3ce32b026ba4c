"""Facts of a host, read from /proc and /etc: pure parsers, and the one function that reads."""

import os
import platform
import time
from pathlib import Path
from typing import Any, Dict, List

REAL_FILE_SYSTEMS = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "overlay", "nfs", "nfs4", "vfat"}


def parse_os_release(text: str) -> Dict[str, str]:
    """Read /etc/os-release (freedesktop.org): NAME=value, values may be quoted."""
    values = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("\"'")
    return values


def parse_meminfo(text: str) -> Dict[str, int]:
    """Read /proc/meminfo; values in kB."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        number = rest.split()[:1]
        if number and number[0].isdigit():
            values[name] = int(number[0])
    return values


def parse_uptime(text: str) -> float:
    """Read /proc/uptime: seconds since the start."""
    return float((text.split() or ["0"])[0])


def parse_mounts(text: str) -> List[Dict[str, str]]:
    """Read /proc/mounts: the mounted disks, each device once (its shortest mount point)."""
    found: Dict[str, Dict[str, str]] = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 3 or parts[2] not in REAL_FILE_SYSTEMS:
            continue
        mount = {"mount": _unescape(parts[1]), "file_system": parts[2]}
        known = found.get(parts[0])
        if known is None or len(mount["mount"]) < len(known["mount"]):
            found[parts[0]] = mount
    return sorted(found.values(), key=lambda disk: disk["mount"])


def _unescape(name: str) -> str:
    """Undo the octal escapes of /proc/mounts (blank, tab, newline, backslash)."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(code, character)
    return name


def gather() -> Dict[str, Any]:
    """Return the facts of this host."""
    release = parse_os_release(_read("/etc/os-release"))
    memory = parse_meminfo(_read("/proc/meminfo"))
    return {
        "os": release.get("PRETTY_NAME") or release.get("NAME") or platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cpus": os.cpu_count() or 1,
        "memory_total_kb": memory.get("MemTotal", 0),
        "memory_available_kb": memory.get("MemAvailable", memory.get("MemFree", 0)),
        "uptime_seconds": parse_uptime(_read("/proc/uptime")),
        "load": _load(),
        "time": time.time(),
        "disks": [disk for disk in map(_measure, parse_mounts(_read("/proc/mounts"))) if disk],
    }


def _measure(disk: Dict[str, str]) -> Dict[str, Any]:
    try:
        size = os.statvfs(disk["mount"])
    except OSError:
        return {}
    if not size.f_blocks:
        return {}
    return dict(disk, size_bytes=size.f_blocks * size.f_frsize, free_bytes=size.f_bavail * size.f_frsize)


def _load() -> float:
    try:
        return os.getloadavg()[0]
    except OSError:
        return 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
