"""Fetching a file from the address its makers publish it at."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from urllib.parse import urlsplit

from tfq.errors import WeightsError
from tfq.models import progress

log = logging.getLogger(__name__)

_CONNECT_S = 4.0
_ANSWER_S = 6.0  # a host with many addresses is tried at each in turn, which the connection timeout does not bound
_READ_S = 30.0

_silent_hosts: set[str] = set()  # a host that did not answer once is not asked again by this process


def download(url: str, sha256: str, size: int, target: Path) -> None:
    """Fetch `url` into `target`; a progress bar shows on a terminal.

    Raises:
        WeightsError: the host does not answer within seconds, or what it sends is not the expected file.
    """
    host = urlsplit(url).netloc
    if host in _silent_hosts:
        raise WeightsError(f"{host} does not answer")
    if not _answers(url):
        _silent_hosts.add(host)
        raise WeightsError(f"{host} does not answer")
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    progress.note(f"fetching {url} ({size / 1e6:.0f} MB)")
    try:
        with progress.Bar(target.name, size) as bar:
            fetch = pooch.HTTPDownloader(timeout=(_CONNECT_S, _READ_S), progressbar=bar)
            pooch.retrieve(url, f"sha256:{sha256}", target.name, target.parent, downloader=fetch)
    except requests.RequestException as error:
        raise WeightsError(f"{host}: {type(error).__name__}") from error
    except ValueError:
        raise WeightsError(f"{host} sent another file") from None


def _answers(url: str) -> bool:
    """Whether the host sends any answer in a few seconds; through a proxy where one is configured."""
    import requests

    answered = threading.Event()

    def ask() -> None:
        try:
            requests.get(url, stream=True, timeout=(_CONNECT_S, _ANSWER_S)).close()
        except requests.RequestException as error:
            log.debug("%s: %s", url, error)
        else:
            answered.set()

    asking = threading.Thread(target=ask, daemon=True)  # a daemon: a hanging look-up must not delay the exit
    asking.start()
    asking.join(_ANSWER_S)
    return answered.is_set()
