"""Why a Python takes, or refuses, musllinux wheels: pure answers about facts that ``interpreter`` reads from disk."""
