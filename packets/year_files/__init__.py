"""The files with which CMS opens a performance year: what stands in them, what is wrong with them, and one report on all."""
