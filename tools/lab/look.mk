# SPDX-License-Identifier: MIT
#
# look.mk - lab 0: the machine that a student looks at
#
# WHAT     lab.mk of a student's tree sets LOOK_IMAGE, LOOK_WORDS, MEM and CPU,
#          and includes this file. The image comes with the tree: every student
#          and the grader look at the same bits, whatever compiler they have.

LOOK_RUN   = QEMU="$(QEMU)" tools/run
LOOK_FILES = $(LOOK_IMAGE)/pagoda.elf $(LOOK_IMAGE)/boot.cpio

.PHONY: look look-debug look-program look-program-debug grade submission
look:  ## lab 0: your machine, at the kernel's monitor
	$(Q)APPEND="monitor $(LOOK_WORDS)" $(LOOK_RUN) $(LOOK_FILES) \
		-cpu $(CPU) -m $(MEM)
look-debug:  ## lab 0: the same under GDB
	$(Q)APPEND="monitor $(LOOK_WORDS)" MEM="$(MEM)" CPU="$(CPU)" \
		tools/gdb/debug $(LOOK_FILES)
look-program:  ## lab 0: your machine with user mode, up to the shell
	$(Q)APPEND="$(LOOK_WORDS)" $(LOOK_RUN) $(LOOK_FILES) \
		-cpu $(CPU) -m $(MEM)
look-program-debug:  ## lab 0: the same under GDB
	$(Q)APPEND="$(LOOK_WORDS)" MEM="$(MEM)" CPU="$(CPU)" \
		tools/gdb/debug $(LOOK_FILES)
grade:  ## this lab: what your answers are worth (EX=2: one question)
	$(Q)$(PYTHON) tools/lab/lab grade $(EX:%=--exercise %)
submission:  ## this lab: the one file to hand in
	$(Q)$(PYTHON) tools/lab/lab submission
