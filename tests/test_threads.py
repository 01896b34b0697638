"""Overlapping limits of BLAS threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from snn_control.threads import one_blas_thread


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    np.eye(2) @ np.eye(2)
    with threadpool_limits(2, "blas"):
        yield


def test_last_of_overlapping_limits_restores_the_threads() -> None:
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    assert blas_threads() == {1}
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == {2}


def test_second_thread_is_limited_and_restores_the_threads() -> None:
    counts: list[set[int]] = []
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        with one_blas_thread():
            counts.append(blas_threads())
            begun.set()
            assert ended.wait(10.0)
        counts.append(blas_threads())

    with one_blas_thread():  # this thread sets the first limit
        pass
    thread = threading.Thread(target=work)
    with one_blas_thread():
        thread.start()
        assert begun.wait(10.0)
    assert blas_threads() == {1}
    ended.set()
    thread.join()
    assert counts == [{1}, {2}]


def test_exception_restores_the_threads() -> None:
    with pytest.raises(ValueError, match="x"), one_blas_thread():
        raise ValueError("x")
    assert blas_threads() == {2}
