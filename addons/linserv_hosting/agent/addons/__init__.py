"""The verbs of the other addons, put here when the archive is built."""
