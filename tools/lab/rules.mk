# SPDX-License-Identifier: MIT
#
# rules.mk - a kernel and a host program with a lab in them
#
# WHAT     lab.mk of a student's tree sets LAB_DIR, LAB_FILES and LAB_SUITES and
#          includes this file. Each file with exercises is compiled from what
#          tools/lab/weave.py writes, in place of the file itself.
#
# LAB_BUGS=1 builds the seeded bugs in (bugs.patch, or teeth.json). REFERENCE=1 boots with the
# kernel's own functions only.

LAB_BUGS ?=

LAB       := $(BUILD)/lab
LAB_WOVEN := $(LAB_FILES:%=$(LAB)/%)
LAB_OWN   := $(wildcard $(LAB_DIR)/suites/*.c $(LAB_DIR)/suite.c) $(LAB_EXAM)
LAB_TESTS := $(LAB_SUITES:%=tests/suites/%.c) $(LAB_OWN)
LAB_BENCH := $(patsubst %.c,$(LAB)/bench/%.h,$(notdir $(LAB_TESTS)))
LAB_MADE  := $(LAB_WOVEN) $(LAB_WOVEN:$(LAB)/%=$(LAB)/reference/%) \
	$(LAB_WOVEN:$(LAB)/%=$(LAB)/guard/%) \
	$(LAB_BENCH) $(LAB)/table.c

LAB_KERNEL_NEW := $(LAB)/kernel/table.c.o \
	$(patsubst %,$(BUILD)/%.o,tools/lab/runtime/lab.c \
		tools/lab/runtime/kernel.c $(LAB_OWN))
LAB_HOST_NEW := $(LAB)/host/table.c.o \
	$(patsubst %,$(HOST_BUILD)/%.o,tools/lab/runtime/lab.c \
		tools/lab/runtime/host.c $(if $(LAB_KERNEL_ONLY),,$(LAB_OWN)))

$(LAB_WOVEN:$(LAB)/%=$(BUILD)/%.o): $(BUILD)/%.c.o: $(LAB)/%.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $* (woven)")
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) $(KERNEL_ARCH) -c $< -o $@

$(LAB_WOVEN:$(LAB)/%=$(HOST_BUILD)/%.o): $(HOST_BUILD)/%.c.o: $(LAB)/%.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  HOSTCC  $* (woven)")
	$(Q)$(HOST_CC) $(HOST_CFLAGS) $(CFLAGS_EXTRA) -c $< -o $@

# boot/ runs before any switch is set.
$(patsubst %.c,$(BUILD)/bootunit/%.c.o,$(filter $(LAB_FILES),$(BOOT_SRCS))): \
		$(BUILD)/bootunit/%.c.o: $(LAB)/reference/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) -march=i486 -c $< -o $@

$(LAB)/kernel/table.c.o: $(LAB)/table.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) $(KERNEL_ARCH) -c $< -o $@

$(LAB)/host/table.c.o: $(LAB)/table.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_CFLAGS) $(CFLAGS_EXTRA) -c $< -o $@

# What guard.py compares the student's objects with.
LAB_GUARD := $(LAB_FILES:%=$(LAB)/guard/%.o)

$(LAB_GUARD): $(LAB)/guard/%.c.o: $(LAB)/guard/%.c
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) $(KERNEL_ARCH) -c $< -o $@

.PHONY: guard-objects
guard-objects: $(LAB_GUARD)

# The weaver writes only what has changed, so only that is compiled again.
$(call remember,$(LAB)/words,$(LAB_DIR) $(LAB_FILES) $(LAB_BUGS))

$(LAB)/woven: $(wildcard $(LAB_DIR)/*.json $(LAB_DIR)/envelope tools/lab/*.py) \
		$(wildcard $(LAB_DIR)/bugs.patch) $(LAB_FILES) $(LAB)/words
	$(Q)$(PYTHON) tools/lab/weave.py $(LAB_DIR) --build $(LAB) \
		$(if $(filter 1,$(LAB_BUGS)),--bugs)
	@touch $@

$(LAB_MADE): $(LAB)/woven
	@:

# bench_header SUITE.c,BENCH.h: the header stands before the first line of it.
define bench_header
$(BUILD)/$(1).o: CFLAGS += -include $(2)
$(HOST_BUILD)/$(1).o: HOST_CFLAGS += -include $(2)
$(BUILD)/$(1).o $(HOST_BUILD)/$(1).o: $(2)
endef

$(foreach test,$(LAB_TESTS),$(eval $(call bench_header,$(test),$\
	$(LAB)/bench/$(basename $(notdir $(test))).h)))

$(BUILD)/symbols.S $(BUILD)/pagoda.elf: $(LAB_KERNEL_NEW)
$(BUILD)/symbols.S $(BUILD)/pagoda.elf: LDFLAGS += --wrap=cmdline_parse \
	--wrap=ktest_run

$(HOST_BUILD)/suites $(HOST_BUILD)/mutant: $(LAB_HOST_NEW)
$(HOST_BUILD)/suites $(HOST_BUILD)/mutant $(HOST_BUILD)/graded: \
	HOST_LDFLAGS += -Wl,--wrap=main,--wrap=ktest_run

# For a mark: of the suites only those that have to do with the lab. The others
# would take half of the time of the first `make grade`.
LAB_OTHERS := $(filter-out $(LAB_TESTS),$(filter tests/suites/%,$(HOST_SRCS)))

$(HOST_BUILD)/graded: $(filter-out $(LAB_OTHERS:%=$(HOST_BUILD)/%.o),$(HOST_OBJS)) \
		$(LAB_HOST_NEW) $(BUILD)/objects
	$(link_host)

.PHONY: graded
graded: all $(if $(LAB_KERNEL_ONLY),,$(HOST_BUILD)/graded)

$(LAB_KERNEL_NEW) $(LAB_HOST_NEW): $(BUILD)/flags

-include $(LAB_KERNEL_NEW:.o=.d) $(LAB_HOST_NEW:.o=.d)

# `make run` and `make debug`: the kernel calls what the student has done.
ifneq ($(REFERENCE),1)
override APPEND := $(strip promote=all $(APPEND))
endif
override APPEND := $(strip $(LAB_WORDS) $(APPEND))

.PHONY: grade try submission
grade:  ## this lab: what your functions are worth (EX=2: one exercise)
	$(Q)tools/setup grade
	$(Q)$(PYTHON) tools/lab/lab grade $(EX:%=--exercise %) || test $$? = 1
try:  ## this lab: one test, with all that it prints: TEST=suite.name
	$(Q)$(PYTHON) tools/lab/lab try $(TEST)
submission:  ## this lab: the one file to hand in
	$(Q)$(PYTHON) tools/lab/lab submission
