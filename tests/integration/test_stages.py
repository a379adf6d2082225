"""Where the time of a wheel goes, as `make bench` tells it: by the stages that reading a wheel has today."""

import sys
from pathlib import Path

from tests.support.archives import REAL_WHEEL
from tools.speed.profile_stages import STAGES, stages


def test_each_stage_takes_its_time() -> None:
    """All are gone through, with what each needs of the one before."""
    taken = stages(Path(sys.executable), REAL_WHEEL, library="zlib", turns=1)

    assert tuple(taken) == STAGES
    assert all(seconds >= 0 for seconds in taken.values())
    assert taken["start"] > 0
