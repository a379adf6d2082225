"""The programs that change ELF files for us: run on bytes that our reader accepted, under names of ours."""
