"""Sample data: deterministic people, numbers and lists, marked as sample wherever they are shown."""

from packets.sample.year import SampleAco, SampleYear, sample_year, sample_year_from_puf

__all__ = ["SampleAco", "SampleYear", "sample_year", "sample_year_from_puf"]
