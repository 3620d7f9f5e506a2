"""Races for tests: steps in threads that start together."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(*steps: Callable[[], object], refused: type[Exception] | tuple[type[Exception], ...] = ()) -> list[object]:
    """Run the steps in threads that start together, each with a database connection of its own.

    Returns for each its result, or the exception of type `refused` that it raised. Raises any other exception of a
    step.
    """
    outcomes: list[object] = [None] * len(steps)
    faults: list[BaseException] = []
    barrier = threading.Barrier(len(steps))

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            outcomes[number] = steps[number]()
        except refused as error:
            outcomes[number] = error
        except BaseException as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault
    return outcomes
