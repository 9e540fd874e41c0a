"""The only door to h5py: the schema, the file, and what made each group."""

from tfq.store.file import GroupWriter, TfqFile
from tfq.store.provenance import Stamp

__all__ = ["GroupWriter", "Stamp", "TfqFile"]
