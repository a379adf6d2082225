"""What devpi-server finds: an option, the settings of indexes, a look at all of them when it starts, and the tweens."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from devpi_server.config import Config, hookimpl

from musl_audit import Catalog, MuslAuditError, load_catalog
from musl_audit_devpi.settings import defaults, faults

if TYPE_CHECKING:
    from devpi_server.main import XOM
    from pyramid.config import Configurator

_TRANSACTION = "devpi_server.views.tween_keyfs_transaction"


@hookimpl
def devpiserver_add_parser_options(parser: ArgumentParser) -> None:
    """Add an option for policies that are newer than the installed musl-audit."""
    parser.addoption(  # type: ignore[attr-defined]  # devpi's own parser has it
        "--musl-audit-policies",
        metavar="DIR",
        default=None,
        help="directory of the policies that musl-audit judges by, default those that it ships",
    )


@hookimpl
def devpiserver_indexconfig_defaults(index_type: str) -> dict[str, object]:
    """Return the settings of an index, and none for a mirror: what it has was uploaded elsewhere."""
    return {} if index_type == "mirror" else defaults()


@hookimpl
def devpiserver_cmdline_run(xom: "XOM") -> None:
    """Refuse to start where policies are missing, or an index has settings that mean nothing with them."""
    catalog = _catalog(xom.config)
    if found := list(faults(_indexes(xom), catalog)):
        _end("; ".join(found))


@hookimpl
def devpiserver_pyramid_configure(config: Config, pyramid_config: "Configurator") -> None:
    """Put the gate into the way of requests."""
    from pyramid.tweens import EXCVIEW

    from musl_audit_devpi.judging import Judge
    from musl_audit_devpi.tweens import KEY

    pyramid_config.registry[KEY] = Judge(_catalog(config))
    pyramid_config.add_tween(
        "musl_audit_devpi.tweens.judging", under="devpi_server.views.tween_request_logging", over=_TRANSACTION
    )
    pyramid_config.add_tween("musl_audit_devpi.tweens.keeping", under=_TRANSACTION, over=EXCVIEW)


def _catalog(config: Config) -> Catalog:
    directory = config.args.musl_audit_policies
    if directory is not None and not Path(directory).is_dir():
        _end(f"no such directory of policies: {directory}")
    try:
        return load_catalog(directory)
    except MuslAuditError as error:
        _end(str(error))


def _indexes(xom: "XOM") -> Iterator[tuple[str, Mapping[str, object]]]:
    for user in xom.model.get_userlist():
        for name, config in user.get()["indexes"].items():
            yield f"{user.name}/{name}", config


def _end(reason: str) -> NoReturn:
    """End the server with one line."""
    from devpi_server.main import Fatal  # which imports what imports this

    raise Fatal(f"musl-audit: {reason}")
