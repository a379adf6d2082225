"""Which file names of extension modules an interpreter imports."""

FIRST_WITH_ABI3_TRIPLET = (3, 15)


def extension_suffixes(
    soabi: str | None, version: tuple[int, int] | None, *, triplet: str | None, is_free_threaded: bool = False
) -> tuple[str, ...]:
    """
    Return the suffixes of extension modules that CPython tries, in order.

    >>> extension_suffixes("cpython-311-x86_64-linux-musl", (3, 11), triplet="x86_64-linux-musl")
    ('.cpython-311-x86_64-linux-musl.so', '.abi3.so', '.so')
    """
    if soabi is None:
        return ()
    own = f".{soabi}.so"
    if not soabi.startswith("cpython-"):
        return (own, ".so")
    stable = ["abi3t"] if is_free_threaded else ["abi3"]
    if version is None or version < FIRST_WITH_ABI3_TRIPLET:
        return (own, *(() if is_free_threaded else (".abi3.so",)), ".so")
    if not is_free_threaded:
        stable.append("abi3t")  # PEP 803: modules for both builds
    with_triplet = tuple(f".{name}-{triplet}.so" for name in stable) if triplet else ()
    return (own, *with_triplet, *(f".{name}.so" for name in stable), ".so")


def triplet_of(soabi: str) -> str:
    """
    Return the platform's part of a SOABI.

    >>> triplet_of("cpython-311-x86_64-linux-musl"), triplet_of("cpython-36m")
    ('x86_64-linux-musl', '')
    """
    _, _, rest = soabi.partition("-")
    return rest.partition("-")[2]


def flags_of(soabi: str) -> str:
    """
    Return the flags of a build in its SOABI: ``t`` free-threaded, ``d`` debug.

    >>> flags_of("cpython-314t-x86_64-linux-musl"), flags_of("cpython-312-x86_64-linux-musl")
    ('t', '')
    """
    return soabi.removeprefix("cpython-").partition("-")[0].lstrip("0123456789")
