"""The parts of `bench/render.py`: the material, the engines, the race between them, the judges and the report."""
