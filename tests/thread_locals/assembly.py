"""
Accesses written by hand: every register, flags that are live, memory below the stack pointer that is in use.

``source`` returns a file of assembly with a function for each of them, and their table, which ``probe.c`` walks.
"""

from collections.abc import Iterator

X86_64 = (
    *("rax", "rcx", "rdx", "rbx", "rbp", "rsi", "rdi"),
    *(f"r{number}" for number in range(8, 16)),
)
X86_64_NUMBERS = (0, 1, 2, 3, 5, 6, 7, *range(8, 16))
ALL_FLAGS, NO_FLAGS = 0x8D7, 0x2  # of x86_64: carry, parity, adjust, zero, sign, overflow
RED_ZONE = 16  # words
MANY = 1200
LOAD, ADD = 0, 1


def source(arch: str) -> str:
    """Return the assembly for *arch*."""
    lines = {"x86_64": _x86_64, "aarch64": _aarch64}[arch]()
    return "\n".join([".text", *lines, '.section .note.GNU-stack,"",%progbits', ""])


def pattern(number: int) -> int:
    """Return what register *number* holds before an access."""
    return 0x1000 + 0x111 * number


def _x86_64() -> Iterator[str]:
    rows = []
    for use in (LOAD, ADD):
        for at, register in enumerate(X86_64):
            name, variable, flags = f"probe_{use}_{register}", at % 3, (ALL_FLAGS, NO_FLAGS)[at % 2]
            rows.append((name, X86_64_NUMBERS[at], use, variable, flags))
            yield from _x86_64_probe(name, register, ("mov", "add")[use], variable, flags)
    yield from _x86_64_many()
    yield from _table(rows)


def _x86_64_probe(name: str, register: str, instruction: str, variable: int, flags: int) -> Iterator[str]:
    yield f"{name}:"
    yield from (f"push %{one}" for one in ("rbx", "rbp", "r12", "r13", "r14", "r15"))
    yield from ("sub $280,%rsp", "mov %rdi,272(%rsp)", f"pushq ${flags}", "popfq")
    yield from (f"movq ${0x5000 + word},{-8 * (word + 1)}(%rsp)" for word in range(RED_ZONE))
    yield from (f"movabs ${pattern(n)},%{one}" for n, one in zip(X86_64_NUMBERS, X86_64, strict=True))
    yield f"{instruction} variable_{variable}@gottpoff(%rip),%{register}"
    yield from (f"mov %{one},{8 * n}(%rsp)" for n, one in zip(X86_64_NUMBERS, X86_64, strict=True))
    yield from ("lahf", "seto %al", "movzwl %ax,%eax", "mov %rax,256(%rsp)")
    for word in range(RED_ZONE):
        yield from (f"mov {-8 * (word + 1)}(%rsp),%rax", f"mov %rax,{128 + 8 * word}(%rsp)")
    yield from ("mov 272(%rsp),%rdi", "mov %rsp,%rsi", "mov $33,%ecx", "rep movsq", "add $280,%rsp")
    yield from (f"pop %{one}" for one in ("r15", "r14", "r13", "r12", "rbp", "rbx"))
    yield "ret"


def _x86_64_many() -> Iterator[str]:
    yield from (".globl many", "many:", "xor %eax,%eax", f".rept {MANY}")
    yield from ("mov variable_2@gottpoff(%rip),%rcx", "add %fs:(%rcx),%rax", ".endr", "ret")


def _aarch64() -> Iterator[str]:
    rows = []
    for at in range(31):
        name, variable, flags = f"probe_{at}", at % 3, (0xF0000000, 0)[at % 2]
        rows.append((name, at, LOAD, variable, flags))
        yield from _aarch64_probe(name, at, at, variable, flags)
    # The page in another register, and instructions in between: one access, or two that share it.
    for at in range(30):
        name, variable = f"apart_{at}", at % 3
        rows.append((name, at, LOAD, variable, 0))
        yield from _aarch64_probe(name, at, at + 1, variable, 0)
    yield from _aarch64_many()
    yield from _table(rows)


def _aarch64_probe(name: str, register: int, base: int, variable: int, flags: int) -> Iterator[str]:
    yield from (f"{name}:", "sub sp,sp,#512")
    yield from (f"stp x{one},x{one + 1},[sp,#{400 + 8 * (one - 19)}]" for one in range(19, 29, 2))
    yield from ("stp x29,x30,[sp,#480]", "str x0,[sp,#392]", f"ldr x0,={flags}", "msr nzcv,x0")
    yield from (f"movz x{one},#{pattern(one)}" for one in range(31))
    yield f"adrp x{base},:gottprel:variable_{variable}"
    if base != register:
        yield from ("nop", f"cbz x{base},1f", f"1: str x{base},[sp,#384]")
    yield f"ldr x{register},[x{base},#:gottprel_lo12:variable_{variable}]"
    if base != register:
        yield f"movz x{base},#{pattern(base)}"
    yield from (f"str x{one},[sp,#{8 * one}]" for one in range(31))
    yield from ("mrs x0,nzcv", "str x0,[sp,#256]", "ldr x1,[sp,#392]", "mov x2,#0")
    yield from ("2: ldr x3,[sp,x2]", "str x3,[x1,x2]", "add x2,x2,#8", "cmp x2,#264", "b.ne 2b")
    yield from (f"ldp x{one},x{one + 1},[sp,#{400 + 8 * (one - 19)}]" for one in range(19, 29, 2))
    yield from ("ldp x29,x30,[sp,#480]", "add sp,sp,#512", "ret", ".ltorg")


def _aarch64_many() -> Iterator[str]:
    yield from (".globl many", "many:", "mrs x3,tpidr_el0", "mov x0,#0", f".rept {MANY}")
    yield from ("adrp x1,:gottprel:variable_2", "ldr x1,[x1,#:gottprel_lo12:variable_2]")
    yield from ("ldr x2,[x3,x1]", "add x0,x0,x2", ".endr", "ret")


def _table(rows: list[tuple[str, int, int, int, int]]) -> Iterator[str]:
    yield from ('.section .data.rel.ro,"aw"', ".balign 8", ".globl probes", "probes:")
    for name, *numbers in rows:
        yield from (f".quad {name}", *(f".quad {number}" for number in numbers))
    yield ".quad 0"
