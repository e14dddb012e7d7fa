"""Where alerts come from: each source gives batches and takes commits."""

from fink_ad.sources.contracts import DeadLetter, InputRange, Source, SourceBatch, SurveyBatch

__all__ = ["DeadLetter", "InputRange", "Source", "SourceBatch", "SurveyBatch"]
