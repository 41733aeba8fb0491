"""The whole performance year, carried through the real desks by several processes, and measured."""
