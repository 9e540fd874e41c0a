"""Work on the sound that is done beside the work on the pictures, which leaves half of two cores idle.

A piece of work is begun under a key that says all that its answer depends on. Whoever wants the answer later gives the key
and the work again: it gets the same, whether it was done ahead, is being done, or must still be done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Ahead:
    """One thread, which does what was begun in the order it was begun."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, Future[Any]] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, work: Mapping[Hashable, Callable[[], Any]]) -> None:
        """Start on pieces of work; those that are known already are not done again."""
        new = {key: (Future[Any](), piece) for key, piece in work.items() if key not in self._begun}
        self._begun |= {key: future for key, (future, _) in new.items()}
        if new:
            thread = threading.Thread(target=_do, args=(list(new.values()),), name="ahead", daemon=True)
            self._threads.append(thread)
            thread.start()

    def keep(self, key: Hashable, answer: Any) -> None:
        """An answer that was found on the way."""
        self._begun[key] = Future()
        self._begun[key].set_result(answer)

    def take(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """The answer to a piece of work; done here where it was not begun, or failed, for its error belongs here."""
        future = self._begun.pop(key, None)
        if future is None or future.cancel() or future.exception() is not None:
            return work()
        answer: Answer = future.result()
        return answer

    def end(self) -> None:
        """Forget all answers, and what was not started on; returns when nothing runs any more."""
        for future in self._begun.values():
            future.cancel()
        for thread in self._threads:
            thread.join()
        self._begun.clear()
        self._threads.clear()


def _do(work: list[tuple[Future[Any], Callable[[], Any]]]) -> None:
    for future, piece in work:
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(piece())
        except BaseException as error:  # whatever it is, nobody may wait for an answer that never comes
            log.debug("ahead of time", exc_info=True)
            future.set_exception(error)
