"""
Where requests pass, twice: before devpi-server's transaction, where wheels are judged, and within it.

Judging takes time, and a transaction that writes is the only one: whoever judged within it would let all others wait.
So the outer tween judges, and refuses; the inner one keeps the verdict beside the file, in the transaction that stores
it, and sees that nothing is stored that was not judged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from musl_audit import MuslAuditError, __version__
from musl_audit_devpi import requests
from musl_audit_devpi.answers import refusal
from musl_audit_devpi.judging import Judge, Judged
from musl_audit_devpi.settings import GateSettings, read_settings

Handler = Callable[[Request], Response]
KEY = "musl_audit_judge"  # in Pyramid's registry: the judge; in a request's environment: what it said
_LOG = "musl-audit"


def judging(handler: Handler, registry: Registry) -> Handler:
    """Return what judges the wheels of uploads and pushes, and hands on only requests whose wheels may pass."""

    def judge_then_handle(request: Request) -> Response:
        index = requests.index_of(request) if request.method in ("POST", "PUSH") else None
        if index is None or registry["xom"].is_replica():  # which hands what is written on to the primary
            return handler(request)
        try:
            answers = _answers(request, index, registry)
        except MuslAuditError as error:  # of a configuration that was imported, or of policies that changed
            return refusal(request, [f"musl-audit: {error}"], 500)
        if refused := [answer.sentence for answer in answers or () if answer.is_refused]:
            request.log.info("musl-audit refuses %s", "; ".join(refused))
            return refusal(request, refused)
        for answer in answers or ():
            if not answer.admission.is_admitted:
                request.log.warn("musl-audit lets through what it would refuse: %s", answer.sentence)
        request.environ[KEY] = answers
        return handler(request)

    return judge_then_handle


def _answers(request: Request, index: str, registry: Registry) -> list[Judged] | None:
    """Return the answers about all wheels that the request would store; None where devpi-server will refuse it."""
    judge: Judge = registry[KEY]
    if push := requests.pushed(request):
        return _pushed(request, index, push, registry)
    upload = requests.uploaded(request)
    if upload is None:
        return []
    with _transaction(registry):
        gate = _gate(request, index, registry)
    return [judge.judged(*upload, gate)] if gate is not None else None


def _pushed(request: Request, index: str, push: requests.Push, registry: Registry) -> list[Judged] | None:
    """Return the answers about the wheels of a push, each copied in a transaction and judged outside of it."""
    judge: Judge = registry[KEY]
    answers = []
    with _transaction(registry):
        gate = _gate(request, push.target, registry)
        stage = registry["xom"].model.getstage(index)
        if gate is None or stage is None or not request.has_permission("pkg_read", context=stage):
            return None
        wheels = [(link.basename, link.entry.relpath) for link in requests.wheels_of(stage, push)]
    for filename, relpath in wheels:
        with _transaction(registry):
            entry = registry["xom"].filestore.get_file_entry(relpath)
            stage = registry["xom"].model.getstage(index)
            content = requests.content_of(entry, stage) if entry and stage else None
        if content is None:
            continue  # it cannot be had, or is gone: nothing that was not judged is stored
        with content:
            answers.append(judge.judged(filename, content, gate))
    return answers


def _gate(request: Request, index: str, registry: Registry) -> GateSettings | None:
    """Return the settings of *index*, if it takes files from who asks; devpi-server refuses all others itself."""
    stage = registry["xom"].model.getstage(index)
    if stage is None or not hasattr(stage, "store_releasefile"):
        return None
    if not request.has_permission("upload", context=stage):
        return None
    return read_settings(stage.ixconfig, registry[KEY].catalog)


@contextmanager
def _transaction(registry: Registry) -> Iterator[None]:
    with registry["xom"].keyfs.read_transaction():
        yield


# --- Within the transaction ----------------------------------------------------------------------------------


def keeping(handler: Handler, registry: Registry) -> Handler:
    """Return what keeps verdicts with the files that are stored, and settings that mean nothing out of indexes."""

    def handle_then_keep(request: Request) -> Response:
        index = requests.index_of(request)
        if index is None or registry["xom"].is_replica():
            return handler(request)
        if request.method in ("PUT", "PATCH"):
            return _checked(request, index, handler(request), registry)
        answers: list[Judged] | None = request.environ.get(KEY)
        if answers is None:
            return handler(request)
        push = requests.pushed(request)
        if push and not _is_as_judged(answers, index, push, registry):
            return refusal(request, [f"{push.name} {push.version} on {index} is not what was judged: try again"], 409)
        response = handler(request)
        if response.status_code == 200 and answers:
            _keep(request, answers, push, index, registry)
        return response

    return handle_then_keep


def _checked(request: Request, index: str, response: Response, registry: Registry) -> Response:
    """Return *response*; a refusal, with nothing written, where the index has settings now that mean nothing."""
    stage = registry["xom"].model.getstage(index) if response.status_code == 200 else None
    if stage is None:
        return response
    try:
        read_settings(stage.ixconfig, registry[KEY].catalog)
    except MuslAuditError as error:
        registry["xom"].keyfs.tx.doom()
        return refusal(request, [str(error)])
    return response


def _is_as_judged(answers: list[Judged], index: str, push: requests.Push, registry: Registry) -> bool:
    """Whether *index* has the wheels that were judged, and no others."""
    stage = registry["xom"].model.getstage(index)
    now = {(link.basename, link.entry.hashes.get("sha256")) for link in requests.wheels_of(stage, push)}
    return now == {(answer.filename, answer.sha256) for answer in answers}


def _keep(request: Request, answers: list[Judged], push: requests.Push | None, index: str, registry: Registry) -> None:
    """Add each verdict to the log of the file that was stored."""
    by_name = {answer.filename: answer for answer in answers}
    stage = registry["xom"].model.getstage(push.target if push else index)
    name, version = (push.name, push.version) if push else (request.POST["name"], request.POST.get("version") or "")
    store = stage.get_mutable_linkstore_perstage(name, version)
    for link in store.get_links(rel="releasefile"):
        if answer := by_name.get(link.basename):
            link.add_log(_LOG, request.authenticated_userid, **answer.row(__version__))
    store._mark_dirty()  # noqa: SLF001  # devpi-server 6 writes a copy back by nothing that is public
