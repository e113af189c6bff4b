# SPDX-License-Identifier: MIT
"""The kernel's commands for GDB: command.py is where they are put together."""
