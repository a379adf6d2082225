"""From options and the configuration file to what the judge and the gate are asked; options win."""

import os
from argparse import Namespace

from musl_audit.adapters.configuration import FAIL_ON, Configuration, nearest_configuration, read_configuration
from musl_audit.errors import UsageError
from musl_audit.judging.settings import Settings, codes


def settings_of(options: Namespace) -> Settings:
    """Return the settings; raise ``UsageError`` where one of them means nothing."""
    said = configuration_of(options)
    where = f"configuration {said.file}: " if said.file else ""
    return Settings(
        floor=options.floor or said.floor,
        floor_source=_floor_source(options, said),
        fail_on=FAIL_ON[options.fail_on or said.fail_on or "error"],
        select=codes(options.select or said.select, "--select: " if options.select else where),
        ignore=codes(options.ignore or said.ignore, "--ignore: " if options.ignore else where),
        exclude=tuple(options.exclude or said.exclude),
        per_file_ignores=tuple((glob, codes(words, where)) for glob, words in said.per_file_ignores),
        config_file=said.file,
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
