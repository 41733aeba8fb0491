"""One module an engine, each with `draw(material, target)`: the same roster, written the way the engine's manual shows."""
