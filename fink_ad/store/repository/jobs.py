"""Runs of scheduled jobs: each is done once, whoever schedules it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from fink_ad.errors import StoreError
from fink_ad.store.records import JobRun
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import JobRun as JobRow
from fink_ad.store.upserts import table_of

__all__ = ["Jobs", "is_done", "note_done"]


class Jobs(StorePart):
    """Job runs in the store."""

    def start_job(self, name: str, due: datetime, holder: str) -> JobRun | None:
        """Begin the run of a job that is due at a time; None if it was begun already."""
        table = table_of(JobRow)
        with self.database.writing("jobs") as connection:
            begun = select(table.c.id).where(table.c.name == name, table.c.due == due)
            if connection.execute(begun).one_or_none() is not None:
                return None
            row = {
                "name": name,
                "due": due,
                "started_at": self._clock(),
                "holder": holder,
                "outcome": "",
                "detail": "",
            }
            new = insert(table).values(row).returning(*table.c)
            return record_of(JobRun, connection.execute(new).one())

    def finish_job(self, run_id: int, outcome: str, detail: str = "") -> JobRun:
        """Note how a run ended.

        Raises
        ------
        StoreError
            If there is no such run, or it has ended before.
        """
        table = table_of(JobRow)
        with self.database.writing("jobs") as connection:
            done = (
                update(table)
                .where(table.c.id == run_id, table.c.finished_at.is_(None))
                .values(finished_at=self._clock(), outcome=outcome, detail=detail)
                .returning(*table.c)
            )
            row = connection.execute(done).one_or_none()
        if row is None:
            raise StoreError(f"no job run {run_id} is under way")
        return record_of(JobRun, row)

    def withdraw_job(self, run_id: int) -> None:
        """Forget a run that could not do anything, so that it may begin another time."""
        table = table_of(JobRow)
        with self.database.writing("jobs") as connection:
            connection.execute(
                delete(table).where(table.c.id == run_id, table.c.finished_at.is_(None))
            )

    def job_done(self, name: str, due: datetime) -> bool:
        """Tell whether a job that was due at a time was done, or failed."""
        with self.database.reading() as connection:
            return is_done(connection, name, due)

    def job_runs(self, name: str | None = None, limit: int = 50) -> tuple[JobRun, ...]:
        """Return the latest runs of a job, or of all, the latest begun first."""
        query = select(table_of(JobRow)).order_by(JobRow.id.desc()).limit(limit)
        if name is not None:
            query = query.where(JobRow.name == name)
        with self.database.reading() as connection:
            return tuple(record_of(JobRun, row) for row in connection.execute(query))

    def remove_job_runs(self, keep: int) -> int:
        """Remove all but the newest runs of each job; return how many that were.

        Parameters
        ----------
        keep : int
            How many of each stay, by when they were due: at least one, for by the newest a job
            is known to be done.
        """
        if keep < 1:
            raise StoreError(f"{keep} runs of a job cannot be kept: the newest is needed")
        table = table_of(JobRow)
        place = func.row_number().over(partition_by=table.c.name, order_by=table.c.due.desc())
        placed = select(table.c.id, place.label("place")).subquery()
        old = select(placed.c.id).where(placed.c.place > keep)
        with self.database.writing("jobs") as connection:
            return connection.execute(delete(table).where(table.c.id.in_(old))).rowcount


def is_done(connection: Connection, name: str, due: datetime) -> bool:
    """Tell whether the run of a job that was due at a time has ended."""
    run = (JobRow.name == name, JobRow.due == due, JobRow.finished_at.is_not(None))
    return connection.execute(select(JobRow.id).where(*run)).one_or_none() is not None


def note_done(
    connection: Connection, name: str, due: datetime, holder: str, detail: str, now: datetime
) -> None:
    """Note a run that was done within this transaction, in place of one that never ended."""
    connection.execute(delete(JobRow).where(JobRow.name == name, JobRow.due == due))
    row = {
        "name": name,
        "due": due,
        "started_at": now,
        "finished_at": now,
        "holder": holder,
        "outcome": "done",
        "detail": detail,
    }
    connection.execute(insert(JobRow).values(row))
