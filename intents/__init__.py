"""What staff ask: phrases and urgent words, the matcher that ranks topics by them, and the thresholds that choose a route."""

from intents.doubts import Doubt, doubts
from intents.match import Because, Match, Matcher
from intents.reading import Intents, IntentsError, Located, load_intents
from intents.routes import Route, Thresholds, weigh
from intents.urgent import Urgency, Urgent

__all__ = [
    "Because",
    "Doubt",
    "Intents",
    "IntentsError",
    "Located",
    "Match",
    "Matcher",
    "Route",
    "Thresholds",
    "Urgency",
    "Urgent",
    "doubts",
    "load_intents",
    "weigh",
]
