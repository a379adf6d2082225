"""From options and the configuration file to what the judge and the gate are asked; options win."""

import os
from argparse import Namespace
from collections.abc import Iterable

from musl_audit.adapters.configuration import FAIL_ON, Configuration, nearest_configuration, read_configuration
from musl_audit.errors import UsageError, did_you_mean
from musl_audit.frozen import replace
from musl_audit.model import Settings


def settings_of(options: Namespace) -> Settings:
    """Return the settings; raise ``UsageError`` where one of them means nothing."""
    said = configuration_of(options)
    where = f"configuration {said.file}: " if said.file else ""
    settings = Settings(
        floor=options.floor or said.floor,
        floor_source=_floor_source(options, said),
        fail_on=FAIL_ON[options.fail_on or said.fail_on or "error"],
        select=tuple(options.select or said.select),
        ignore=tuple(options.ignore or said.ignore),
        exclude=tuple(options.exclude or said.exclude),
        per_file_ignores=said.per_file_ignores,
        config_file=said.file,
    )
    return replace(
        settings,
        select=codes(settings.select, "--select: " if options.select else where),
        ignore=codes(settings.ignore, "--ignore: " if options.ignore else where),
        per_file_ignores=tuple((glob, codes(words, where)) for glob, words in settings.per_file_ignores),
    )


def configuration_of(options: Namespace) -> Configuration:
    """Return what the configuration says, as far as it may say anything."""
    if options.config is not None:
        if options.isolated:
            raise UsageError("--isolated reads no configuration, --config names one: give one of them")
        return read_configuration(options.config)
    return Configuration() if options.isolated else nearest_configuration(os.getcwd())


def _floor_source(options: Namespace, said: Configuration) -> str:
    if options.floor:
        return f"--floor {options.floor}"
    return f"{said.file}: {said.floor}" if said.floor and said.file else "policy"


def codes(words: Iterable[str], where: str) -> tuple[str, ...]:
    """
    Return the codes, or beginnings of codes, that *words* mean: ``MUSL4``, ``musl401``, ``packed-relocations``.

    Raise ``UsageError`` with the nearest name for a word that means no rule.
    """
    words = tuple(words)
    if not words:
        return ()
    from musl_audit.judging.rules import all_rules

    by_name = {module.rule.name: module.rule.code for module in all_rules()}
    return tuple(_code(word, by_name, where) for word in words)


def _code(word: str, by_name: dict[str, str], where: str) -> str:
    code = by_name.get(word.lower(), word.upper())
    if not word or not any(known.startswith(code) for known in by_name.values()):
        near = did_you_mean(word, (*by_name.values(), *by_name))
        raise UsageError(f"{where}unknown code {word!r}{near} (`musl-audit rule` lists them)")
    return code
