"""What people reach for first, and ours, each fitted from phrases and asked the same way: for the benches."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from intents import Matcher

Phrases = Mapping[str, Sequence[str]]
Ranker = Callable[[str], list[tuple[str, float]]]
"""A text to topics, best first, each with how sure it is in whatever unit."""


def ours(phrases: Phrases) -> Ranker:
    matcher = Matcher.fit(phrases)
    return lambda text: [(match.topic, match.score) for match in matcher.rank(text)]


def rapidfuzz_by(scorer: Callable[..., float]) -> Callable[[Phrases], Ranker]:
    def make(phrases: Phrases) -> Ranker:
        topics = [topic for topic, shelf in phrases.items() for _ in shelf]
        said = [default_process(phrase) for shelf in phrases.values() for phrase in shelf]

        def rank(text: str) -> list[tuple[str, float]]:
            best: dict[str, float] = {}
            for _, score, place in process.extract(default_process(text), said, scorer=scorer, limit=30):
                best.setdefault(topics[place], score)
            return [*best.items()]

        return rank

    return make


def tfidf_lr(phrases: Phrases) -> Ranker:
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    topics = [topic for topic, shelf in phrases.items() for _ in shelf]
    features = vectors.fit_transform([phrase for shelf in phrases.values() for phrase in shelf])
    learnt = LogisticRegression(C=10, max_iter=200).fit(features, topics)

    def rank(text: str) -> list[tuple[str, float]]:
        odds = learnt.predict_proba(vectors.transform([text]))[0]
        return [(str(learnt.classes_[place]), float(odds[place])) for place in np.argsort(-odds)]

    return rank


BESIDE: dict[str, Callable[[Phrases], Ranker]] = {
    "TF-IDF + logistic regr.": tfidf_lr,
    "rapidfuzz token_set": rapidfuzz_by(fuzz.token_set_ratio),
    "rapidfuzz WRatio": rapidfuzz_by(fuzz.WRatio),
}
