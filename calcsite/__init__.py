"""A clinic's site about calcification disorders."""

__version__ = "0.1.0"
