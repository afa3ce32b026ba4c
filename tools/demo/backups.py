"""The chapters of backups: two points with a change between them, both drilled, the first one as a test copy."""

import cast
import story


def tell(env, chapter, copies):
    """Tell one of the chapters.

    :param copies: address of test copies, with {database} in it
    """
    chapters = {"backup": take_first, "backup-again": take_second, "copy": make_copy}
    return chapters[chapter](env, copies)


def take_first(env, _copies):
    """Connect Norrvik's repository and take a point."""
    repository = connect(env)
    return {"lines": describe_point(take(env, repository, "point_first"))}


def take_second(env, _copies):
    """Another point, after the change; then both are restored into a scratch database and looked at."""
    repository = connect(env)
    second = take(env, repository, "point_second")
    drills = [drill(env, repository, point) for point in (env.ref("linserv_story.point_first"), second)]
    return {"lines": describe_point(second) + [describe_drill(each) for each in drills]}


def connect(env):
    """The repository that came with the signed contract, connected on the three hosts."""
    instance = env.ref("linserv_story.norrvik_prod")
    repository = env["linserv.backup.repository"].search([("instance_id", "=", instance.id)])
    if repository.state != "ready":
        repository.action_connect()
        story.work_off(env, lambda: repository.state == "ready")
        repository.action_sheet_locked_away()
        env.cr.commit()
    return repository


def take(env, repository, key):
    """The point of that name, taken the first time; it counts when the backup host has read it back."""
    point = env.ref("linserv_story." + key, raise_if_not_found=False) or repository._take_now()
    cast.ensure_name(env, point, key)
    env.cr.commit()
    story.work_off(env, lambda: point.state not in ("due", "running"))
    assert point.state == "proved", "%s: %s %s" % (point.name, point.reason, point.reason_detail)
    return point


def drill(env, repository, point):
    """The drill of a point, held the first time."""
    drills = env["linserv.backup.drill"]
    domain = [("point_id", "=", point.id), ("zone", "=", "backup")]
    held = drills.search(domain, limit=1) or drills._order_drill(repository, point, "backup")
    env.cr.commit()
    story.work_off(env, lambda: held.state != "ordered")
    assert held.state == "proved", held.reason or held.reason_detail
    return held


def make_copy(env, copies):
    """Eva orders a test copy of how it was before the change; it is made at once, without waiting for the night."""
    restore = env.ref("linserv_story.copy", raise_if_not_found=False) or order_copy(env, copies)
    story.work_off(env, lambda: restore.state in ("published", "failed"))
    assert restore.state == "published", restore.error
    text = "test copy %s of %s, as it was at %s UTC: made in %d s, %d ways out looked at, none is open"
    values = (restore.name, restore.instance_id.name, restore.point_slot, restore.seconds, restore.looked_at)
    return {"lines": [text % values], "database": restore.database, "url": restore.url}


def order_copy(env, copies):
    """The order in Eva's name, and its beginning."""
    point = env.ref("linserv_story.point_first")
    env.ref("linserv_story.host").copy_url = copies
    instance = env.ref("linserv_story.norrvik_prod")
    note = "Kurs för våra nya projektledare"
    vals = {"kind": "test_copy", "instance_id": instance.id, "point_time": point.slot, "note": note}
    restore = cast.ensure(env, "linserv.restore", "copy", vals)
    restore._place_order(env.ref("linserv_story.norrvik_user").partner_id)
    restore.action_start()
    env.cr.commit()
    return restore


def describe_point(point):
    """The point in words."""
    text = "%s of %s: a dump of %.1f MB in %.0f kB, %d rows, %d files, read back and proved"
    size, stored = point.dump_bytes / 1e6, point.bytes_stored / 1e3
    return [text % (point.name, point.instance_id.name, size, stored, point.rows, point.files)]


def describe_drill(held):
    """The drill in words."""
    text = "drill of %s: restored, %d tables counted (%d compared row by row), %d files whole, loaded by Odoo %s, %d s"
    counted, rows = held.tables_compared, held.hashes_compared
    return text % (held.point_name, counted, rows, held.file_count, held.odoo_version, held.total_seconds)
