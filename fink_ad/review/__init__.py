"""What a screen or a bot may ask for."""

from fink_ad.features import ModelCurve, Period
from fink_ad.forest import ToldFeature
from fink_ad.review.again import answered_since, show_again
from fink_ad.review.braille import BrailleCurve, braille_curve
from fink_ad.review.candidate import Candidate, ObjectAlert, Opinion, Strangeness
from fink_ad.review.curve import CurvePoints, FluxKind, ModelLine, curve_points, model_line
from fink_ad.review.desk import Desk
from fink_ad.review.downloads import to_csv, to_votable
from fink_ad.review.example import example_candidate
from fink_ad.review.figures import BAND_COLOURS, light_curve_figure
from fink_ad.review.gather import candidate_view
from fink_ad.review.histograms import TinyHistogram, tiny_histogram
from fink_ad.review.labels import Given, history, record, undo
from fink_ad.review.links import Link, links_of
from fink_ad.review.lists import RankingState, ranking_state, review_lists
from fink_ad.review.model_orders import comparable_revisions, compare_orders
from fink_ad.review.neighbourhood import AnsweredObjects, Neighbour
from fink_ad.review.object_story import object_events, score_table
from fink_ad.review.overlays import NamedCurve, Overlays
from fink_ad.review.overview import CANDIDATE_COLUMNS, candidate_table, is_marked, marks_of
from fink_ad.review.own_answers import answer_table, pace
from fink_ad.review.precision import precision_table
from fink_ad.review.progress import decision_table, version_table, yield_table
from fink_ad.review.queue import Queue, QueueState
from fink_ad.review.ranges import flux_unit
from fink_ad.review.science import ScienceView, Sketch
from fink_ad.review.skymap import ecliptic, galactic_plane, mollweide
from fink_ad.review.stamps import Stamp, read_stamp, stamp_picture, stamp_pictures
from fink_ad.review.tonight import (
    count_table,
    drift_table,
    intake,
    job_table,
    letter_table,
    work_table,
)
from fink_ad.store import (
    ActiveModel,
    KeptRecord,
    LabelRecord,
    ReviewerRecord,
    Showing,
    Store,
    unpack_stamps,
)

__all__ = [
    "BAND_COLOURS",
    "CANDIDATE_COLUMNS",
    "ActiveModel",
    "AnsweredObjects",
    "BrailleCurve",
    "Candidate",
    "CurvePoints",
    "Desk",
    "FluxKind",
    "Given",
    "KeptRecord",
    "LabelRecord",
    "Link",
    "ModelCurve",
    "ModelLine",
    "NamedCurve",
    "Neighbour",
    "ObjectAlert",
    "Opinion",
    "Overlays",
    "Period",
    "Queue",
    "QueueState",
    "RankingState",
    "ReviewerRecord",
    "ScienceView",
    "Showing",
    "Sketch",
    "Stamp",
    "Store",
    "Strangeness",
    "TinyHistogram",
    "ToldFeature",
    "answer_table",
    "answered_since",
    "braille_curve",
    "candidate_table",
    "candidate_view",
    "comparable_revisions",
    "compare_orders",
    "count_table",
    "curve_points",
    "decision_table",
    "drift_table",
    "ecliptic",
    "example_candidate",
    "flux_unit",
    "galactic_plane",
    "history",
    "intake",
    "is_marked",
    "job_table",
    "letter_table",
    "light_curve_figure",
    "links_of",
    "marks_of",
    "model_line",
    "mollweide",
    "object_events",
    "pace",
    "precision_table",
    "ranking_state",
    "read_stamp",
    "record",
    "review_lists",
    "score_table",
    "show_again",
    "stamp_picture",
    "stamp_pictures",
    "tiny_histogram",
    "to_csv",
    "to_votable",
    "undo",
    "unpack_stamps",
    "version_table",
    "work_table",
    "yield_table",
]
