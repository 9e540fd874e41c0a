"""Memory that a decoding child and its parent share, so that pictures are not sent through a socket.

A few places for one picture each, filled in turn. The parent makes the memory, sealed against a change of its size, and hands
it over when the child asks with `{"room": BYTES}`. The child says in which place a picture lies; the parent answers with one
byte when it is done with it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BUDGET = 2**26  # bytes for all places together, as long as there are two
MOST = 8  # places
DONE, HERE = b".", b"+"

available = hasattr(os, "memfd_create")  # Linux


def places(size: int) -> int:
    """How many pictures of that many bytes there is room for."""
    return max(2, min(MOST, BUDGET // size))


class Filler:
    """The child's end."""

    def __init__(self, pipe: socket.socket) -> None:
        self._pipe = pipe
        self._memory: mmap.mmap | None = None
        self._size = self._next = self._free = 0

    def start(self) -> None:
        """At a new request every place is free: what was said before about them came with the last one."""
        self._next, self._free = 0, places(self._size) if self._size else 0

    def put(self, picture: NDArray[np.uint8], ask: bytes) -> int:
        """Copy a picture into the next place, and return its number; waits while all are in use.

        Args:
            picture: with its bytes in order.
            ask: what is sent for a memory with larger places.
        """
        if picture.nbytes > self._size or self._memory is None:
            self._grow(picture.nbytes, ask)
        while not self._free:
            said = self._pipe.recv(MOST)
            if not said:
                raise BrokenPipeError
            self._free += len(said)
        place, self._free = self._next, self._free - 1
        self._next = (place + 1) % places(self._size)
        assert self._memory is not None
        self._memory[place * self._size : place * self._size + picture.nbytes] = picture.data.cast("B")
        return place

    def _grow(self, size: int, ask: bytes) -> None:
        self._pipe.sendall(ask)
        said = b""
        descriptors: list[int] = []
        while not said.endswith(HERE):
            piece, found, _, _ = socket.recv_fds(self._pipe, 1, 1)
            if not piece:
                raise BrokenPipeError
            said, descriptors = said + piece, descriptors + found
        try:
            self._memory = mmap.mmap(descriptors[0], places(size) * size)
        finally:
            os.close(descriptors[0])
        self._size = size
        self.start()


class Reader:
    """The parent's end."""

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None
        self._size = 0

    def grow(self, pipe: socket.socket, size: int) -> None:
        """Make a memory for pictures of `size` bytes and hand it over. What was read from the one before stays good."""
        import fcntl

        length = places(size) * size
        descriptor = os.memfd_create("tfq", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, length)
            # A child that shrank it would end this process with SIGBUS.
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            self._memory, self._size = mmap.mmap(descriptor, length), size
            socket.send_fds(pipe, [HERE], [descriptor])
        finally:
            os.close(descriptor)

    def picture(self, place: int, shape: Sequence[int]) -> NDArray[np.uint8]:
        """What lies in a place, read-only; it changes once the place is given back.

        Raises:
            ValueError: there is no such place, or it does not fit.
        """
        count = int(np.prod(shape, dtype=np.int64))
        if self._memory is None or not 0 <= place < places(self._size) or not 0 < count <= self._size:
            raise ValueError
        found = np.frombuffer(self._memory, np.uint8, count, place * self._size).reshape(shape)
        found.flags.writeable = False
        return found


def give_back(pipe: socket.socket) -> None:
    """Tell the child that the oldest picture in use is not looked at any more."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told where its next answer is missing
        pipe.send(DONE)
