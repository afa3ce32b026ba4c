import pytest

from odoo.addons.linserv_hosting.agent import facts as agent_facts
from odoo.addons.linserv_hosting.domain import facts

DEBIAN_OS_RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"
NAME="Debian GNU/Linux"
VERSION_ID="11"
VERSION="11 (bullseye)"
VERSION_CODENAME=bullseye
ID=debian
HOME_URL="https://www.debian.org/"
"""
UBUNTU_OS_RELEASE = """\
PRETTY_NAME="Ubuntu 22.04.4 LTS"
NAME="Ubuntu"
ID_LIKE=debian
# a comment = nothing
"""
MEMINFO = """\
MemTotal:       24620264 kB
MemFree:        20163960 kB
MemAvailable:   23423424 kB
Buffers:          119516 kB
HugePages_Total:       0
DirectMap1G:    21299200 kB
"""
MOUNTS = """\
sysfs /sys sysfs rw,nosuid 0 0
udev /dev devtmpfs rw,nosuid,relatime,size=1013508k 0 0
/dev/vda1 / ext4 rw,relatime,errors=remount-ro 0 0
/dev/vda15 /boot/efi vfat rw,relatime 0 0
/dev/vdb1 /srv/my\\040data xfs rw,relatime 0 0
/dev/vda1 /var/lib/docker/bind ext4 rw,relatime 0 0
tmpfs /run/user/1000 tmpfs rw,nosuid 0 0
"""


def test_the_name_of_the_operating_system():
    assert agent_facts.parse_os_release(DEBIAN_OS_RELEASE)["PRETTY_NAME"] == "Debian GNU/Linux 11 (bullseye)"
    assert agent_facts.parse_os_release(UBUNTU_OS_RELEASE)["PRETTY_NAME"] == "Ubuntu 22.04.4 LTS"
    assert agent_facts.parse_os_release("") == {}


def test_memory_in_kilobytes():
    memory = agent_facts.parse_meminfo(MEMINFO)
    assert (memory["MemTotal"], memory["MemAvailable"]) == (24620264, 23423424)


def test_uptime_in_seconds():
    assert agent_facts.parse_uptime("350735.47 234388.90\n") == 350735.47
    assert agent_facts.parse_uptime("") == 0.0


def test_each_disk_is_told_once_at_its_shortest_mount_point():
    assert agent_facts.parse_mounts(MOUNTS) == [
        {"mount": "/", "file_system": "ext4"},
        {"mount": "/boot/efi", "file_system": "vfat"},
        {"mount": "/srv/my data", "file_system": "xfs"},
    ]


def test_this_machines_own_facts_are_understood():
    known = facts.parse(agent_facts.gather())
    assert known.cpus >= 1
    assert known.memory_total_mb > 0
    assert known.kernel


def good(**changes):
    return dict(agent_facts.gather(), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"cpus": "2; id"},
        {"cpus": True},
        {"cpus": None},
        {"memory_total_kb": -1},
        {"load": float("inf")},
        {"load": float("nan")},
        {"kernel": ["x"]},
        {"disks": {}},
        {"disks": [1]},
        {"disks": [{"mount": "/"}]},
        {"disks": [{}] * 101},
    ],
)
def test_facts_of_the_wrong_form_are_refused(changes):
    with pytest.raises(facts.MalformedFactsError):
        facts.parse(good(**changes))


def test_facts_too_large_for_their_columns_are_capped():
    known = facts.parse(good(kernel="k" * 10000 + "\x00", memory_total_kb=10**30))
    assert len(known.kernel) == 120
    assert known.memory_total_mb < 2**31
