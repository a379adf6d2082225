"""What a survey's store tells without its rows becoming Python's: keys, and a few wide rows at a time."""

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from musl_audit.adapters.runners import Answer, AnyItem
from musl_audit.adapters.stores.keys import SKIPPED, Keys
from musl_audit.adapters.stores.layout import FactsRow, SightingRow, VerdictRow
from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.rows import table_of
from musl_audit.adapters.stores.survey import SurveyStore, open_store
from musl_audit.model import Failure
from musl_audit.workflows.surveying import survey

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = pytest.importorskip("pyarrow")


def sighting(path: str, sha256: str | None, outcome: str = "wheel", seen: str = "") -> SightingRow:
    """Return a sighting of a file of 7 bytes."""
    return SightingRow(path, 7, "stamp", sha256, outcome, "", "", None, seen)


def verdict(sha256: str, policies: str, judge: str = "1", judged: str = "") -> VerdictRow:
    """Return a verdict of some judge."""
    return VerdictRow(
        sha256, policies, judge, judged, "", "", "", None, "", "", None, None, False, "", [], [], [], [], []
    )


@pytest.fixture
def store(tmp_path: Path) -> SurveyStore:
    """Return a store of three parts of facts, some of them twice."""
    made = open_store(str(tmp_path / "store"), create=True)
    for digests in ("abc", "cd", "aef"):
        made.add({"facts": table_of("facts", [FactsRow(d, f"{d}.whl", d.encode() * 3) for d in digests])})
    made.add(
        {
            "sightings": table_of(
                "sightings",
                [
                    sighting("1", "a"),
                    sighting("2", None, "failed"),
                    sighting("3", None, "skipped"),
                    sighting("4", "d", "skipped"),
                ],
            ),
            "verdicts": table_of("verdicts", [verdict("a", "now"), verdict("b", "before"), verdict("c", "now", "0")]),
        }
    )
    return made


def test_rows_are_taken_by_their_numbers_over_all_parts(store: SurveyStore) -> None:
    """Whatever part they are in."""
    rows = [row for batch in store.rows_at("facts", ["document"], pa.array([0, 2, 3, 7])) for row in batch.to_pylist()]
    assert [row["document"] for row in rows] == [b"aaa", b"ccc", b"ccc", b"fff"]
    assert list(store.rows_at("facts", ["document"], pa.array([], pa.int64()))) == []


def test_facts_that_wait_for_a_verdict_are_found_once(store: SurveyStore) -> None:
    """The judge of now has judged `a`, `d` is pure, and `c` is there twice."""
    keys = Keys(store, policies="now", judge="1")
    assert keys.unjudged().to_pylist() == [1, 2, 6, 7]
    assert keys.settled("abcdx") == {"a", "d"}
    assert keys.pure("abcdx") == {"d"}
    assert keys.with_facts("abcdx") == set("abcd")
    assert Keys(store, policies="another", judge="1").unjudged().to_pylist() == [0, 1, 2, 6, 7]


def test_a_file_is_known_as_it_was_seen_unless_it_failed(store: SurveyStore) -> None:
    """What was skipped has no digest, and is known all the same."""
    seen = Keys(store, policies="now", judge="1").seen(["1", "2", "3", "nowhere"])
    assert seen == {("1", 7, "stamp"): "a", ("3", 7, "stamp"): SKIPPED}


def test_of_facts_to_judge_again_few_are_in_memory(store: SurveyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; those of a thousand wheels would be a quarter of a gigabyte."""
    document = b"{" * (1 << 20)
    store.add({"facts": table_of("facts", [FactsRow(f"{n:02}", "demo.whl", document) for n in range(99)])})
    unpacked: list[int] = []
    rows_at = store.rows_at

    def watched(table: str, columns: list[str], numbers: "pa.Array") -> "Iterator[pa.RecordBatch]":
        for batch in rows_at(table, columns, numbers):
            unpacked.append(batch.num_rows)
            yield batch

    class Impatient:
        def run(
            self, work: Callable[[AnyItem], Answer], items: Iterable[AnyItem], jobs: int
        ) -> Generator[Answer | Failure]:
            assert sum(unpacked) < 50, jobs
            yield from map(work, items)

    monkeypatch.setattr(store, "rows_at", watched)
    assert survey([], store, runner=Impatient()).again == sum(unpacked) == 104


@pytest.mark.parametrize("seed", range(5))
def test_wheels_are_the_same_by_way_of_a_summary_of_some_parts(seed: int, tmp_path: Path) -> None:
    """What changed since is worked out; what that needs out of old parts has all of them read."""
    pytest.importorskip("duckdb")
    store, random = open_store(str(tmp_path / "store"), create=True), Random(seed)  # noqa: S311
    question = "SELECT path, sha256, seen, judged FROM wheels ORDER BY path"
    add_wheels(store, range(200), "00")
    store.summarize(StoreViews(store).wheels())
    judged_ever: set[str] = set()
    for time in range(1, 12):
        when, seen = f"{time:02}", []
        for path in random.sample([*"abcd", "1", "2"], random.randrange(3)):
            outcome, digests = random.choice([("wheel", "3456789"), ("wheel", "ABC"), ("failed", ""), ("skipped", "P")])
            seen.append(sighting(path, random.choice(digests) if digests else None, outcome, when))
        found = {row.sha256 for row in seen if row.sha256 and row.outcome == "wheel"}
        judged = {
            digest for digest in found if (digest not in judged_ever and digest in "ABC") or random.random() < 0.9
        }
        judged |= set(random.sample([*"345", *sorted(judged_ever)], random.randrange(2)))
        judged_ever |= judged
        verdicts = [verdict(digest, "now", judged=when) for digest in sorted(judged)]
        store.add({"sightings": table_of("sightings", seen), "verdicts": table_of("verdicts", verdicts)})
        if random.random() < 0.2:
            store.summarize(StoreViews(store).wheels())
        by_summary = StoreViews(open_store(store.place)).rows(question)
        without = open_store(store.place)
        without.summary = None
        assert by_summary == StoreViews(without).rows(question)


def add_wheels(store: SurveyStore, numbers: range, when: str) -> None:
    """Add wheels at paths, and under digests, that are numbers."""
    rows = [sighting(str(number), str(number), seen=when) for number in numbers]
    verdicts = [verdict(str(number), "now", judged=when) for number in numbers]
    store.add({"sightings": table_of("sightings", rows), "verdicts": table_of("verdicts", verdicts)})


def test_little_that_is_new_is_no_reason_for_another_summary(tmp_path: Path) -> None:
    """A large store has much to sum up; and to merge its parts does not change what they say."""
    pytest.importorskip("duckdb")
    store = open_store(str(tmp_path / "store"), create=True)
    add_wheels(store, range(100), "1")
    assert store.wants_summary()
    store.summarize(StoreViews(store).wheels())
    add_wheels(store, range(99, 101), "2")
    assert not store.wants_summary()
    assert len(open_store(store.place).since) == 2
    assert StoreViews(open_store(store.place)).rows("SELECT count(*) FROM wheels") == [(101,)]
    add_wheels(store, range(98, 101), "3")
    assert store.wants_summary()
    store.summarize(StoreViews(store).wheels())
    store.compact()
    assert (store.wants_summary(), store.since, len(store.parts)) == (False, (), 2)
    assert StoreViews(open_store(store.place)).rows("SELECT count(*) FROM wheels") == [(101,)]
