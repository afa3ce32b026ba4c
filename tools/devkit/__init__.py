"""Everything behind `./dev`: standard library only, Python 3.7 or newer."""
