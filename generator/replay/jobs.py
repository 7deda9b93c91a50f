"""Many requests, a few at a time, each sent once: kept answers are not requested again."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from generator.live.api import PrometheusApi
    from generator.replay.resume import AnswerStore

    Progress = Callable[[str, int, int], None]


class Job(Struct, frozen=True):
    """One request; ``work`` returns the text to keep under ``key``. ``title`` is for the progress line."""

    key: str
    title: str
    work: Callable[[PrometheusApi], str]


class WorkerPool(Struct, frozen=True):
    """Connections to one server, as many as requests at once, and its kept answers."""

    apis: Sequence[PrometheusApi]
    parts: AnswerStore
    progress: Progress

    def answers(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, str]]:
        """Return the answers in the order of ``jobs``; few of them are in memory at any time.

        Raises:
            LiveError: a request failed. The answers before it are kept.
        """
        with ThreadPoolExecutor(len(self.apis)) as pool:
            for done, (job, text) in enumerate(self._in_order(pool, jobs), start=1):
                self.progress(job.title, done, len(jobs))
                yield job, text

    def _in_order(self, pool: ThreadPoolExecutor, jobs: Iterable[Job]) -> Iterator[tuple[Job, str]]:
        idle: SimpleQueue[PrometheusApi] = SimpleQueue()
        for api in self.apis:
            idle.put(api)
        waiting: deque[tuple[Job, str | Future[str]]] = deque()
        try:
            for job in jobs:
                waiting.append((job, self.parts.get(job.key) or pool.submit(_do, job, idle)))
                if len(waiting) > 2 * len(self.apis):
                    yield self._settled(*waiting.popleft())
            while waiting:
                yield self._settled(*waiting.popleft())
        finally:
            for _, one in waiting:
                if isinstance(one, Future):
                    one.cancel()

    def _settled(self, job: Job, answer: str | Future[str]) -> tuple[Job, str]:
        if isinstance(answer, str):
            return job, answer
        text = answer.result()
        self.parts.put(job.key, text)
        return job, text


def _do(job: Job, idle: SimpleQueue[PrometheusApi]) -> str:
    api = idle.get()
    try:
        return job.work(api)
    finally:
        idle.put(api)
