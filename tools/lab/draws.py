# SPDX-License-Identifier: MIT
"""draws.py - the random numbers of the kernel's tests, for the models of exams
"""


def random_numbers(seed):
    """lib/random.h: xorshift32. below(n) gives the next number below n."""
    state = seed & 0xffffffff or 1

    def below(n):
        nonlocal state
        state ^= state << 13 & 0xffffffff
        state ^= state >> 17
        state ^= state << 5 & 0xffffffff
        return state % n

    return below
