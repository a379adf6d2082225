"""The view of an environment that the rules read."""

from collections.abc import Callable, Iterable
from functools import cached_property

from musl_audit.environment.kernel_headers import HeaderMacro, KernelHeaders
from musl_audit.environment.values import Build, Environment
from musl_audit.frozen import frozen
from musl_audit.model import Statement
from musl_audit.policy import Catalog


@frozen
class EnvironmentContext:
    """What rules know: the facts of host, interpreter and wheels, and the policies."""

    environment: Environment
    catalog: Catalog
    kernel_headers: KernelHeaders

    @cached_property
    def build(self) -> Build | None:
        """What the interpreter was built with: its files say so, and where it was run, it may have added names."""
        interpreter = self.environment.interpreter
        if interpreter is None:
            return None
        run = interpreter.run.build if interpreter.run else None
        if interpreter.build is None or run is None:
            return interpreter.build or run
        return Build(interpreter.build.sources, interpreter.build.macros, run.names)

    @cached_property
    def missing_macros(self) -> tuple[HeaderMacro, ...]:
        """The macros of kernel headers that the build mentions and has not."""
        return self.kernel_headers.missing(self.build) if self.build else ()


Check = Callable[[EnvironmentContext], Iterable[Statement]]
