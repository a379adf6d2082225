"""Questions to RECORD."""

from musl_audit.wheel.record import Record


def contradicts(record: Record, path: str, data: bytes) -> bool:
    """Whether *record* says that the file at *path* has other data than *data*."""
    hasher = record.hasher(path)
    if hasher is None:
        return False
    hasher.update(data)
    return record.contradicts(path, hasher)
