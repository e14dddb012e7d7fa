"""What is done when, without being asked: jobs, when they are due, who does them."""

from fink_ad.scheduler.due import latest_due, next_due, trigger_of
from fink_ad.scheduler.jobs import JOBS, Job, job_named
from fink_ad.scheduler.loop import run_scheduler
from fink_ad.scheduler.work import do_job

__all__ = [
    "JOBS",
    "Job",
    "do_job",
    "job_named",
    "latest_due",
    "next_due",
    "run_scheduler",
    "trigger_of",
]
