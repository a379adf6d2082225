"""
What the psABI of each machine says, once: a row per machine, all numbers that anything here needs.

Sources: the processor supplements to the System V ABI, and ``elf.h``. Which musl applies which relocation, and since
when, is in ``policies/arch``.
"""

from musl_audit.frozen import frozen

EM_386, EM_S390, EM_ARM, EM_X86_64 = 3, 22, 40, 62
EM_PPC64, EM_AARCH64, EM_RISCV, EM_LOONGARCH = 21, 183, 243, 258

EABI_VERSION_5 = 5  # of arm, in the highest byte of e_flags


@frozen
class Machine:
    """
    The relocation types of one machine that matter to a loader or to a repair.

    ``initial_exec`` are offsets from the thread pointer (TPOFF, TPREL), ``module`` is the number of the module whose
    thread-local storage it is (DTPMOD); ``irelative`` is what musl never supports.
    """

    bits: int
    relative: int
    copy: int
    initial_exec: frozenset[int]
    module: frozenset[int]
    irelative: int
    tls_descriptor: int | None = None
    largest_page: int = 4096  # bytes, of kernels that run its distributions
    has_addends: bool = True  # RELA; else REL, where the relocated word itself is the addend

    @property
    def dynamic_tls(self) -> frozenset[int]:
        """What asks whose thread-local storage it is: module numbers and descriptors."""
        return self.module if self.tls_descriptor is None else self.module | {self.tls_descriptor}


MACHINES = {
    EM_386: Machine(32, 8, 5, frozenset({14, 37}), frozenset({35}), 42, tls_descriptor=41, has_addends=False),
    EM_X86_64: Machine(64, 8, 5, frozenset({18, 23}), frozenset({16}), 37, tls_descriptor=36),
    EM_ARM: Machine(32, 23, 20, frozenset({19}), frozenset({17}), 160, tls_descriptor=13, has_addends=False),
    EM_AARCH64: Machine(
        64, 1027, 1024, frozenset({1030}), frozenset({1028}), 1032, tls_descriptor=1031, largest_page=65536
    ),
    EM_PPC64: Machine(64, 22, 19, frozenset({73}), frozenset({68}), 248, largest_page=65536),
    EM_S390: Machine(64, 12, 9, frozenset({56}), frozenset({54}), 61),
    EM_RISCV: Machine(64, 3, 4, frozenset({10, 11}), frozenset({6, 7}), 58, tls_descriptor=12),
    EM_LOONGARCH: Machine(64, 3, 4, frozenset({10, 11}), frozenset({6, 7}), 12, tls_descriptor=14, largest_page=16384),
}
UNKNOWN_MACHINE = Machine(0, 0, 0, frozenset(), frozenset(), 0)  # one that is not in the table
