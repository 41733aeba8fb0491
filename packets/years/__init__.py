"""The desks of a performance year: opened, enrolled in, prepared, watched, its windows moved, its agreements kept."""
