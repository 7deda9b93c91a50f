"""Every recorded signal, at every level and at many instants, is what the raw counters really counted."""

from __future__ import annotations
