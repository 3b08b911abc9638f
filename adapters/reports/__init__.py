"""The trends page: what the school learns, as one HTML file that may be shown to governors. No names, no small counts."""

from adapters.reports.page import POLICY, page
from adapters.reports.reading import read_years
from adapters.reports.serving import trends_route

__all__ = ["POLICY", "page", "read_years", "trends_route"]
