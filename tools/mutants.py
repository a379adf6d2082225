"""
Break the code on purpose, one way at a time, and see the tests fail.

Each mutant is one edit of a copy of the repository. One that the tests do not notice is a hole in them: exit 1. Those
of the loader model are held against the real loaders alone (``tests/loader``), the others against the
tests of the core.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    *("src", "policies", "polyfills", "tests", "testwheels", "tools"),
    *("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"),
)
CORE = (
    "tests/unit/policy",
    "tests/unit/rules",
    "tests/unit/test_linkage.py",
    "tests/unit/test_rules_of_loading.py",
    "tests/unit/test_verdict.py",
    "tests/integration/test_rule_contract.py",
)
FIXES = (
    "tests/unit/repair",
    "tests/integration/test_repair_fixes.py",
    "tests/integration/test_repair_refuses_unpacking.py",
)
THREADS = ("tests/integration/test_tls_loaders.py", "tests/unit/repair/test_tls_accesses.py")
POLYFILLING = ("tests/unit/repair/test_polyfilling.py", "tests/unit/elf/test_needed.py")
LOADERS = ("tests/loader/test_wheels_agree.py", "tests/loader/test_generated_libraries.py")


def proof(symbol: str) -> tuple[str, ...]:
    """Return the tests that hold the polyfill of *symbol*, built anew, against libc's own."""
    return "tests/polyfills/test_proofs.py", "-k", f"does_what_libc_does and {symbol}"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit, what it breaks, and the tests that must notice."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


LINKAGE, LAYOUT = "src/musl_audit/loader/linkage.py", "src/musl_audit/wheel/installed_tree.py"
RULES = "src/musl_audit/judging/rules"
REPAIR = "src/musl_audit/repair"
POLICIES = "policies"
MUTANTS = (
    Mutant("a symbol of the policies", f"{POLICIES}/musl/1.2.3.json", '"qsort_r"', '"qsort_s"', CORE),
    Mutant(
        "the rule of packed relocations",
        f"{RULES}/musl401_packed_relocations.py",
        "if file.packed_relocations]",
        "if file.packed_relocations > 1 << 20]",
        CORE,
    ),
    Mutant("a reserved name", f"{POLICIES}/libraries.json", '"pthread", ', "", CORE),
    Mutant(
        "the version of the wheel format",
        f"{RULES}/musl002_tag_mismatch.py",
        "if why := _format_fault(metadata.wheel_version):",
        'if why := "":',
        ("tests/integration/test_two_installers.py", "-k", "version"),
    ),
    Mutant("inheritance of search paths", LINKAGE, "for file in chain:", "for file in chain[:1]:", CORE),
    Mutant(
        "the test for weak references",
        f"{RULES}/musl101_symbol_missing_in_promised_release.py",
        " and not reference.symbol.is_weak",
        "",
        CORE,
    ),
    Mutant(
        "the gap of __xstat",
        "src/musl_audit/policy/history.py",
        "_span(since.pop(name), delta.position)",
        "_span(since.pop(name), end)",
        CORE,
    ),
    Mutant("a severity", f"{RULES}/musl404_executable_stack.py", "    Severity.NOTE,", "    Severity.ERROR,", CORE),
    Mutant(
        "repair: one packed relocation is lost",
        f"{REPAIR}/relr/tables.py",
        "        return unpack_addresses(words, word_size=word_size)",
        "        return unpack_addresses(words, word_size=word_size)[1:]",
        FIXES,
    ),
    Mutant(
        "repair: packed relocations stay as they are",
        f"{REPAIR}/fixes.py",
        'needs_unpacking = context.lacking("packed-relocations")',
        "needs_unpacking = frozenset[str]()",
        FIXES,
    ),
    Mutant(
        "repair: what was built for another version is renamed",
        f"{REPAIR}/fixes.py",
        "if any(answer.is_certain for answer in refusals):",
        "if not pleases_both_camps and any(answer.is_certain for answer in refusals):",
        FIXES,
    ),
    Mutant(
        "repair: an importable copy does not count",
        f"{REPAIR}/fixes.py",
        "if all(answer.why_not for answer in each)]",
        "if any(answer.why_not for answer in each)]",
        FIXES,
    ),
    Mutant(
        "repair: a renamed extension replaces another file",
        f"{REPAIR}/fixes.py",
        "if places[place_of(action.new)] == 1)",
        "if places[place_of(action.new)])",
        FIXES,
    ),
    Mutant(
        "repair: what cannot be unpacked is a failure, not refused",
        f"{REPAIR}/apply.py",
        "raise UnmendableError(spell_unmendable(action, error), member=name) from error",
        "raise RepairError(spell_unmendable(action, error)) from error",
        FIXES,
    ),
    Mutant(
        "repair: a search is led behind the file that ends it",
        f"{REPAIR}/ways.py",
        "if file.path in self._misled",
        "if not self._misled",
        FIXES,
    ),
    Mutant(
        "threads: the scratch register is not restored",
        f"{REPAIR}/tls/x86_64.py",
        "            code.restore(listing, one, 8 * place)",
        "            code.restore(listing, result, 8 * place)",
        THREADS,
    ),
    Mutant(
        "threads: flags are clobbered",
        f"{REPAIR}/tls/x86_64.py",
        "        code.lea_sum(listing, result, scratch)\n",
        "        code.add(listing, result, scratch)\n        code.lea(listing, result, result, 1)\n",
        THREADS,
    ),
    Mutant(
        "threads: the red zone is not passed over",
        f"{REPAIR}/tls/x86_64.py",
        "RED_ZONE = 0x90",
        "RED_ZONE = 0x10",
        THREADS,
    ),
    Mutant(
        "threads: another variable is reached",
        f"{REPAIR}/tls/x86_64.py",
        "code.lea(listing, result, result, slot.offset)",
        "code.lea(listing, result, result, slot.offset + 8)",
        THREADS,
    ),
    Mutant(
        "threads: the slot of another variable is read",
        f"{REPAIR}/tls/x86_64.py",
        "code.load_relative(listing, scratch, slot.address)",
        "code.load_relative(listing, scratch, slot.address + 8)",
        THREADS,
    ),
    Mutant(
        "threads: a register of aarch64 is not restored",
        f"{REPAIR}/tls/aarch64.py",
        "code.pop(listing, pointer, scratch)",
        "code.pop(listing, scratch, pointer)",
        THREADS,
    ),
    Mutant(
        "threads: a page of aarch64 is lost at a branch",
        f"{REPAIR}/tls/aarch64.py",
        "        if way in (CodeFlow.BRANCH, CodeFlow.BOTH):",
        "        if way is CodeFlow.BRANCH:",
        THREADS,
    ),
    Mutant(
        "repair: a weak reference gets a polyfill",
        f"{REPAIR}/polyfilling.py",
        "if reference.symbol.is_weak or not",
        "if not",
        POLYFILLING,
    ),
    Mutant(
        "repair: a variable gets a polyfill",
        "src/musl_audit/judging/polyfills.py",
        "if symbol.type not in _CALLED or",
        "if",
        POLYFILLING,
    ),
    Mutant(
        "repair: a polyfill comes before libc",
        "src/musl_audit/elf/needed.py",
        "strings[value] in sonames)",
        "strings[value] not in sonames)",
        POLYFILLING,
    ),
    *(
        Mutant(f"polyfill: {symbol}: {what}", f"polyfills/{symbol}.c", old, new, proof(symbol))
        for symbol, what, old, new in (
            ("qsort_r", "arguments swapped", "at(array, left), at(array, right)", "at(array, right), at(array, left)"),
            ("qsort_r", "one element too few", "for (end = count - 1; end > 0;", "for (end = count - 2; end > 0;"),
            ("qsort_r", "one byte too few", "for (; rest; rest--,", "for (; rest > 1; rest--,"),
            ("pthread_getname_np", "off by one", "if (size < NAME_SIZE)", "if (size < NAME_SIZE - 1)"),
            ("pthread_getname_np", "errno lost", "errno = saved;", ""),
            ("pthread_getname_np", "the line feed stays", "length ? length - 1 : 0", "length"),
            ("gettid", "the process", "__NR_gettid", "__NR_getpid"),
            ("reallocarray", "errno not set", "errno = ENOMEM;", ""),
            ("tcgetwinsize", "the other request", "TIOCGWINSZ", "TIOCSWINSZ"),
            ("tcsetwinsize", "the other request", "TIOCSWINSZ", "TIOCGWINSZ"),
            ("statx", "EPERM is believed", " || errno == EPERM", ""),
            ("statx", "a field of another name", "timestamp((long)old.st_mtime", "timestamp((long)old.st_ctime + 1"),
            ("statx", "both ways to synchronize", "== AT_STATX_SYNC_TYPE || mask", "== 1 || mask"),
            ("preadv2", "any negative offset is none", "offset == -1", "offset < 0"),
            ("preadv2", "errno of the kernel", "errno = EOPNOTSUPP;", ""),
            ("pwritev2", "half of the offset", "(long)offset,", "(long)(int)offset,"),
            ("renameat2", "flags dropped", "if (!flags)", "if (flags != 1)"),
            ("posix_getdents", "another errno", "errno = EOPNOTSUPP;", "errno = EINVAL;"),
            ("__getauxval", "off by one", "return getauxval(type);", "return getauxval(type + 1);"),
            ("posix_fallocate64", "off by one", "offset, length);", "offset, length + 1);"),
            (
                "__cxa_thread_atexit_impl",
                "one handler for all",
                " || (is_main_thread() && atexit(destroy_at_exit))",
                "",
            ),
            ("__cxa_thread_atexit_impl", "the oldest is lost", "for (; entry;", "for (; entry && entry->older;"),
        )
    ),
    Mutant(
        "loader: packed relocations are applied everywhere",
        f"{RULES}/musl401_packed_relocations.py",
        "if packed and lacking:",
        "if packed and not lacking:",
        LOADERS,
    ),
    Mutant(
        "loader: initial-exec TLS is fine in what is dlopened",
        f"{RULES}/musl402_initial_exec_tls.py",
        "loads = [load for load in context.loads if not load.is_program]",
        "loads = [load for load in context.loads if load.is_program]",
        LOADERS,
    ),
    Mutant(
        "loader: the type of a symbol says what is thread-local",
        f"{RULES}/musl408_weak_undefined_tls.py",
        "reference.symbol.name in thread_local[reference.path]",
        'reference.symbol.type == "tls"',
        LOADERS,
    ),
    Mutant(
        "loader: hidden versions are definitions",
        LINKAGE,
        "names -= other.defined",
        "names -= other.defined | other.hidden_versions",
        LOADERS,
    ),
    Mutant("loader: search paths are not inherited", LINKAGE, "for file in chain:", "for file in chain[:1]:", LOADERS),
    Mutant(
        "loader: RPATH counts beside RUNPATH",
        "src/musl_audit/loader/search_paths.py",
        "SearchPath.parse(file.rpath if file.runpath is None else file.runpath)",
        "SearchPath.parse(f'{file.rpath or str()}:{file.runpath or str()}')",
        LOADERS,
    ),
    Mutant(
        "loader: weak references must be satisfied",
        LINKAGE,
        "isinstance(self.provider, Nobody) and not self.symbol.is_weak",
        "isinstance(self.provider, Nobody)",
        LOADERS,
    ),
    Mutant("loader: libpthread is a file", f"{POLICIES}/libraries.json", '"pthread", ', "", LOADERS),
    Mutant(
        "loader: a name is searched for each time",
        LINKAGE,
        "by_name.get(soname) or self._find(",
        "self._find(",
        LOADERS,
    ),
    Mutant(
        "loader: segments of no length are mapped",
        f"{RULES}/musl407_zero_length_segment.py",
        "if files and lacking:",
        "if files and not lacking:",
        LOADERS,
    ),
    Mutant(
        "loader: an unknown token is left in the path",
        "src/musl_audit/loader/search_paths.py",
        "() if path.is_ignored else path.entries",
        "path.entries",
        LOADERS,
    ),
    Mutant(
        "loader: IFUNCs are definitions",
        LINKAGE,
        "names -= other.defined",
        "names -= other.defined | other.ifuncs",
        LOADERS,
    ),
    Mutant(
        "loader: only packed relocations and time64 names are known",
        "src/musl_audit/judging/rules/__init__.py",
        "for rule in all_rules():",
        "for rule in (r for r in all_rules() if r.rule.code == 'MUSL401'):",
        LOADERS,
    ),
)


def main() -> int:
    """Try every mutant, or those whose names contain the argument; return 1 where one survives."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [mutant for mutant in MUTANTS if wanted in mutant.name]
    for tests in sorted({mutant.tests for mutant in chosen}):
        sound = Mutant("nothing", "README.md", "# ", "# ", tests)
        if is_caught(sound):
            sys.exit("the tests fail before anything was broken")
    survivors = [mutant.name for mutant in chosen if not is_caught(mutant)]
    for name in survivors:
        print(f"survived: {name}")
    return 1 if survivors else 0


def is_caught(mutant: Mutant) -> bool:
    """Whether the tests fail on *mutant*; say so."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, Path(directory, name))
        path = Path(directory, mutant.path)
        text = path.read_text()
        if mutant.old not in text:
            sys.exit(f"{mutant.name}: {mutant.path} has no {mutant.old!r}")
        path.write_text(text.replace(mutant.old, mutant.new))
        if path.suffix == ".c":
            build = Path(directory, "polyfills", "build.py")
            build.write_text(build.read_text().replace('"-Werror", ', ""))  # what is broken may leave a name unused
            subprocess.run([sys.executable, "polyfills/build.py"], cwd=directory, check=True)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests]
        environment = os.environ | {"PYTHONPATH": str(Path(directory, "src"))}
        answer = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    failed = [line for line in answer.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    noticed = f"caught by {failed[0].split()[1]}" if failed else "not caught"
    print(f"{mutant.name}: {noticed}", flush=True)
    return answer.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
