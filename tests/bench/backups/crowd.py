"""Fills a borg repository with archives like one that is there. Run by borg's own Python: `crowd.py REPOSITORY LIKE`.

The names, one a line, come on stdin. What the original holds in its files each copy holds as bytes of its own: as many
archives, items and chunks as borg would have made, without starting borg for each of them.
"""

import os
import sys
import time

from borg.archive import Archive
from borg.cache import Cache
from borg.helpers import Manifest
from borg.item import Item
from borg.logger import setup_logging
from borg.repository import Repository

BYTES = 20_000


def main(path, like, names):
    """Make the archives in one transaction."""
    setup_logging()
    begun = time.monotonic()
    with Repository(path, exclusive=True, lock_wait=5) as repository:
        manifest, key = Manifest.load(repository, (Manifest.Operation.WRITE,))
        with Cache(repository, key, manifest, progress=False, lock_wait=5) as cache:
            finish = manifest.write, repository.commit, cache.commit
            manifest.write = cache.commit = lambda: None
            repository.commit = lambda *_words, **_options: None
            original = Archive(repository, key, manifest, like, cache=cache)
            items = [item.as_dict() for item in original.iter_items()]
            for name in names:
                archive = Archive(repository, key, manifest, name, cache=cache, create=True)
                for values in items:
                    archive.add_item(alike(values, key, cache, archive.stats))
                archive.save(comment=original.metadata.get("comment", ""))
            manifest.write, repository.commit, cache.commit = finish
            manifest.write()
            repository.commit(compact=False)
            cache.commit()
    print("%.1f" % (time.monotonic() - begun))


def alike(values, key, cache, stats):
    """A copy of an item; a file has one chunk of bytes that are nobody else's."""
    item = Item(internal_dict=dict(values))
    if "chunks" in item:
        data = os.urandom(BYTES)
        item.chunks = [cache.add_chunk(key.id_hash(data), data, stats)]
        item.size = len(data)
    return item


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.stdin.read().split())
