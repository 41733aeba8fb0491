"""The benchmark of lists: material, engines, race and report of `bench/lists.py`."""
