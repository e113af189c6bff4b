# SPDX-License-Identifier: MIT
#
# Makefile - build Pagoda. `make help` lists the targets.
#
# Sources are found by folder (below), so a new file needs no line here.

# Without the rules that make itself has: reading took two seconds with them.
MAKEFLAGS += --no-builtin-rules

BUILD  ?= build
DEBUG  ?= 0
V      ?= 0
MEM    ?= 2G
CPU    ?= max
APPEND ?=

Q := $(if $(filter 1,$(V)),,@)

.DEFAULT_GOAL := all

# ---- compiler: CROSS_COMPILE, else i686-elf-, i686-linux-gnu-, gcc -m32, clang

have  = $(shell command -v $(1) 2>/dev/null)
first = $(firstword $(foreach tool,$(1),$(if $(call have,$(tool)),$(tool))))
needs = $(shell . tools/needs.sh; $(1) 2>/dev/null)

ifndef CROSS_COMPILE
CROSS_COMPILE := $(patsubst %gcc,%,$(call first,i686-elf-gcc i686-linux-gnu-gcc))
endif
ifeq ($(origin CC),default)
CC := $(or $(CROSS_COMPILE:%=%gcc),$(call needs,host_kernel_compiler),gcc)
endif

# clang takes LLVM's tools where they are there, for the host may know no i386.
CLANG   := $(findstring clang,$(CC))
LD      := $(or $(if $(CLANG),$(call first,ld.lld)),$(CROSS_COMPILE)ld)
OBJCOPY := $(or $(if $(CLANG),$(call first,llvm-objcopy)),$(CROSS_COMPILE)objcopy)
NM      := $(or $(if $(CLANG),$(call first,llvm-nm)),$(CROSS_COMPILE)nm)
NOT_M32 := $(if $(CROSS_COMPILE),$(CROSS_COMPILE)gcc)
TARGET  := $(if $(CLANG),--target=i686-elf,$(if $(filter $(NOT_M32),$(CC)),,-m32))

# Where apt puts Python's modules; asked each time, for tools/setup installs.
PYTHON ?= $(call needs,echo "$$python")

# remember FILE,WORDS: a file that changes when the words do
remember = $(shell mkdir -p $(dir $(1)); words='$(2)'; \
	echo "$$words" | cmp -s - $(1) || echo "$$words" > $(1))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wundef -Wvla -Wno-unused-parameter $(if $(CI),-Werror)

# Where there is no libc, uint32_t may be any type of 32 bits: GCC's own choice
# for i686-elf is `unsigned long`, which printf's %u and %x do not fit.
INT_TYPES := -U__INT32_TYPE__ -D__INT32_TYPE__=int \
	-U__UINT32_TYPE__ -D__UINT32_TYPE__=unsigned

# -freg-struct-return: address types are one-member structs (arch/addr.h); with
# it they travel in registers and cost exactly what bare integers do.
# -fno-omit-frame-pointer: backtraces follow EBP.
CFLAGS := $(TARGET) -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf \
	-fno-pic -fno-pie -fcf-protection=none -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-fno-strict-aliasing -fno-common -fno-delete-null-pointer-checks \
	-mregparm=3 -freg-struct-return -mno-sse -mno-mmx -mno-80387 \
	-ffunction-sections -fdata-sections $(WARNINGS) $(INT_TYPES) \
	-DCONFIG_DEBUG=$(DEBUG) -I. -Iarch/i386/include -MMD -MP
ASFLAGS := $(TARGET) -g -I. -Iarch/i386/include -MMD -MP

KERNEL_DIRS := arch/i386/cpu arch/i386/mm arch/i386/platform lib \
	arch/i386/acpi arch/i386/iommu \
	mm/early mm/page mm/slab mm/kva mm/vm mm/account mm/dma \
	$(addprefix kernel/,diag object sched ipc loader task calls linux device \
	monitor trial start) tests tests/suites tests/bench
KERNEL_SRCS := $(sort $(wildcard $(KERNEL_DIRS:%=%/*.c) $(KERNEL_DIRS:%=%/*.S)))
KERNEL_OBJS := $(KERNEL_SRCS:%=$(BUILD)/%.o)

# The Pentium Pro that i686 is tuned for liked memory operands split in two;
# generic tuning is 2 to 5 % fewer instructions.
KERNEL_ARCH := -march=i686 -mtune=generic

# The suites are more than half of the image. Small code leaves more of a machine
# of 4 MiB to the kernel that they test.
$(BUILD)/tests/suites/%.c.o: KERNEL_ARCH += -Os

$(BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $<")
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) $(KERNEL_ARCH) -c $< -o $@

$(BUILD)/%.S.o: %.S
	@mkdir -p $(@D)
	$(if $(Q),@echo "  AS      $<")
	$(Q)$(CC) $(ASFLAGS) -c $< -o $@

# ---- the boot world: one unit of its own, linked at physical addresses ----
#
# boot/ and the files of lib/ that it needs are compiled for an i486, so that a
# CPU without PAE can be told so, then linked into one object in which every
# name but _start is local. What it leaves undefined is listed here.

BOOT_SRCS := $(sort $(wildcard boot/*.c boot/*.S)) \
	lib/string.c lib/text.c lib/printf.c lib/div64.c
BOOT_OBJS := $(BOOT_SRCS:%=$(BUILD)/bootunit/%.o)
BOOT_MAY_USE := kernel_main,boot_stack,page_offset,image_start,image_end,$\
	boot_bss_start,boot_bss_end,boot_end,kernel_bss_phys,kernel_bss_size

# The parts that touch no hardware are in the kernel a second time, for tests.
BOOT_PURE := boot/boot_info.c boot/cmdline.c boot/memmap.c \
	boot/multiboot.c boot/paging.c
KERNEL_OBJS += $(BOOT_PURE:%=$(BUILD)/%.o)

$(BUILD)/bootunit/%.c.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $< (boot)")
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_EXTRA) -march=i486 -c $< -o $@

$(BUILD)/bootunit/%.S.o: %.S
	@mkdir -p $(@D)
	$(if $(Q),@echo "  AS      $< (boot)")
	$(Q)$(CC) $(ASFLAGS) -c $< -o $@

$(BUILD)/boot.o: $(BOOT_OBJS) $(BUILD)/objects tools/check_image.py
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(LD) -m elf_i386 -r -z noexecstack --gc-sections -e _start -o $@.tmp $(filter %.o,$^)
	$(Q)$(OBJCOPY) --keep-global-symbol=_start \
		--prefix-alloc-sections=.boot $@.tmp $@
	@rm -f $@.tmp
	$(Q)$(PYTHON) tools/check_image.py $@ --unit $(BOOT_MAY_USE)

# ---- the image ----

PAGE_OFFSET := $(shell sed -n 's/^.define PAGE_OFFSET  *\(0x[0-9a-f]*\)u.*/\1/p' \
	arch/i386/include/arch/layout.h)
LDFLAGS := -m elf_i386 -T linker.ld --defsym=page_offset=$(PAGE_OFFSET) \
	-static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none

# Linked twice: the table of functions that backtraces need is made from the
# first link, whose table is empty. It stands behind all code, so that the
# second link moves no function; cmp proves it.
MAKE_SYMBOLS := tools/make_symbols.py $(PAGE_OFFSET)

$(BUILD)/symbols0.S: tools/make_symbols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) $(MAKE_SYMBOLS) </dev/null >$@

$(BUILD)/symbols.S: $(BUILD)/boot.o $(KERNEL_OBJS) $(BUILD)/symbols0.o \
		$(BUILD)/objects linker.ld
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(LD) $(LDFLAGS) -o $(BUILD)/pass1.elf $(filter %.o,$^)
	$(Q)$(NM) -n -S $(BUILD)/pass1.elf | $(PYTHON) $(MAKE_SYMBOLS) >$@

$(BUILD)/symbols0.o $(BUILD)/symbols.o: %.o: %.S
	$(Q)$(CC) $(TARGET) -c $< -o $@

$(BUILD)/pagoda.elf: $(BUILD)/boot.o $(KERNEL_OBJS) $(BUILD)/symbols.o \
		$(BUILD)/objects linker.ld tools/check_image.py
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(LD) $(LDFLAGS) -o $@.tmp $(filter %.o,$^)
	$(Q)$(NM) -n -S $@.tmp | $(PYTHON) $(MAKE_SYMBOLS) | \
		cmp - $(BUILD)/symbols.S
	$(Q)$(PYTHON) tools/check_image.py $@.tmp --page-offset $(PAGE_OFFSET)
	@mv $@.tmp $@

-include $(KERNEL_OBJS:.o=.d) $(BOOT_OBJS:.o=.d)

# ---- user mode --------------------------------------------------------------

include user/rules.mk

# ---- host program: the same suites on a simulated machine ------------------

HOST_CC    ?= gcc
HOST_BUILD := $(BUILD)/host
# Suites that need the real machine: traps, double fault, ports.
HOST_SKIP  := traps log console symbols cpu irq_alloc ring3 ring3_forbidden uaccess fpu irq \
	thread_switch sched sched_user thread wait mutex timer kmap_sleep task \
	linux_calls apic kill oom call_trace \
	program ipc notification call_handles calls messages monitor vtd_edu isa_dma floppy holes \
	user_device checkers

# -no-pie: static data lies below 4 GiB, where multiboot's addresses reach.
HOST_CFLAGS := -m64 -std=gnu11 -O1 -g -U_FORTIFY_SOURCE \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fno-pie \
	-ffunction-sections -fdata-sections \
	-fno-builtin-printf $(WARNINGS) -DCONFIG_DEBUG=$(DEBUG) \
	-Dvsnprintf=pagoda_vsnprintf -Dsnprintf=pagoda_snprintf \
	-Itests/host/include -I. -Iarch/i386/include -MMD -MP

# The parts of the monitor that know neither keyboard nor screen.
MONITOR_PURE := $(addprefix kernel/monitor/,keys.c lineedit.c words.c scancode.c)

# Readers of what nobody vouches for; kernel/loader/archive.c needs the kernel.
LOADER_PURE := kernel/loader/elf.c kernel/loader/cpio.c \
	kernel/loader/start_stack.c

# The firmware's tables; poweroff.c is for the machine itself.
ACPI_PURE := $(addprefix arch/i386/acpi/,table.c rsdp.c parse.c madt.c fadt.c \
	s5.c dmar.c window.c acpi.c)

# The IOMMU but for the machine's units: tests/host/iommu.c has others.
IOMMU_PURE := $(addprefix arch/i386/iommu/,domain.c domain_check.c blocked.c \
	iommu.c vtd_unit.c vtd_scope.c)

HOST_SRCS := $(sort $(filter-out lib/string.c $(HOST_SKIP:%=tests/suites/%.c), \
	$(wildcard lib/*.c mm/*/*.c arch/i386/mm/*.c $(IOMMU_PURE) tests/host/*.c \
	tests/suites/*.c $(BOOT_PURE) kernel/start/cmdline.c \
	kernel/diag/log_ring.c $(LOADER_PURE) tests/ktest.c tests/fake_device.c)))
HOST_SRCS += kernel/object/object.c kernel/object/handle.c $(MONITOR_PURE) \
	$(ACPI_PURE) $(addprefix arch/i386/platform/,pci.c pci_scan.c pci_requester.c \
	timer_rate.c pit.c acpi_timer.c uart.c ps2.c)
HOST_OBJS := $(HOST_SRCS:%=$(HOST_BUILD)/%.o)

# tests/host/flush_check.c looks over these calls of mm/kva/.
$(HOST_BUILD)/mm/kva/%.c.o: HOST_CFLAGS += \
	$(foreach f,reap map_pages map_range,-Dkpt_$(f)=checked_kpt_$(f))

$(HOST_BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  HOSTCC  $<")
	$(Q)$(HOST_CC) $(HOST_CFLAGS) $(CFLAGS_EXTRA) -c $< -o $@

define link_host
	$(if $(Q),@echo "  HOSTLD  $@")
	$(Q)$(HOST_CC) -m64 -no-pie -fsanitize=address,undefined $(HOST_LDFLAGS) \
		$(filter %.o,$^) -o $@
endef

$(HOST_BUILD)/suites: $(HOST_OBJS) $(BUILD)/objects
	$(link_host)

# The same with a suite that fails, for tests/emu/test_runner.py.
$(HOST_BUILD)/mutant: $(HOST_OBJS) $(HOST_BUILD)/tests/mutant/failing.c.o \
		$(BUILD)/objects
	$(link_host)

# A million spoilt tables for the readers of ACPI: build/host/acpi_fuzz N SEED.
FUZZ_SRCS := tests/host/fuzz/acpi_fuzz.c lib/printf.c lib/text.c lib/div64.c \
	$(filter-out %/window.c %/acpi.c,$(ACPI_PURE))
FUZZ_OBJS := $(FUZZ_SRCS:%=$(HOST_BUILD)/%.o)

$(HOST_BUILD)/acpi_fuzz: $(FUZZ_OBJS) $(BUILD)/objects
	$(link_host)

-include $(HOST_OBJS:.o=.d) $(HOST_BUILD)/tests/mutant/failing.c.d $(FUZZ_OBJS:.o=.d)

# ---- other flags, other objects; other objects, other programs --------------
#
# `make DEBUG=1` or `make CC=clang` after `make` builds everything again: the
# objects depend on a file that changes when the words in it do. What is linked
# depends on the list of objects too, for a source that is gone is no newer.

FLAGS := $(CC) $(CFLAGS) $(CFLAGS_EXTRA) $(HOST_CC) $(HOST_CFLAGS) $(USER_CFLAGS)
OBJS  := $(KERNEL_OBJS) $(BOOT_OBJS) $(HOST_OBJS) $(FUZZ_OBJS) $(USER_OBJS)

$(call remember,$(BUILD)/flags,$(FLAGS))
$(call remember,$(BUILD)/objects,$(OBJS:$(BUILD)/%=%))

$(OBJS): $(BUILD)/flags

# In a student's tree: which files have exercises (tools/lab/rules.mk).
LAB_MK ?= lab.mk
-include $(LAB_MK)

# ---- what one can ask for --------------------------------------------------
#
# `run` and `test` call make again after tools/setup, because which compiler
# there is was decided when this file was read.

QEMU := qemu-system-i386
JOBS ?= 2
MAKE_AGAIN := $(MAKE) --no-print-directory -j$(JOBS)

.PHONY: all iso run-iso run-bochs host run debug test smoke smoke-kernel \
	smoke-host soak bench mutants coverage doctor pictures \
	lab grade-selftest check measure compile_commands.json tags help clean

all: $(BUILD)/pagoda.elf $(BUILD)/boot.cpio  ## build the kernel and the boot archive
	$(if $(LEFT_OUT),$(info $(LEFT_OUT)))

host: $(HOST_BUILD)/suites $(HOST_BUILD)/mutant $(HOST_BUILD)/acpi_fuzz  ## build the suites as a program: build/host/suites

run:  ## install what is missing, build, boot in QEMU (MEM= CPU= APPEND=)
	$(Q)tools/setup run
	$(Q)tools/fetch_i386 $(I386)
	$(Q)$(MAKE_AGAIN) all
	$(Q)APPEND="$(APPEND)" QEMU="$(QEMU)" tools/run $(BUILD)/pagoda.elf \
		$(ARCHIVE) -cpu $(CPU) -m $(MEM)

iso: all $(BUILD)/pagoda.iso  ## a CD image that boots through GRUB

$(BUILD)/pagoda.iso: $(BUILD)/pagoda.elf $(ARCHIVE) tools/make_iso
	$(Q)tools/setup iso
	$(if $(Q),@echo "  ISO     $@")
	$(Q)tools/make_iso $(BUILD)/pagoda.elf $(ARCHIVE) $@

run-iso: iso  ## boot the CD image in QEMU; GRUB's menu is on the terminal
	$(Q)$(QEMU) -cdrom $(BUILD)/pagoda.iso -boot d -cpu $(CPU) -m $(MEM) \
		-display none -serial mon:stdio -no-reboot

SUITES ?=

run-bochs: all  ## self-tests (SUITES=a,b or all) in Bochs, the strictest emulator
	$(Q)tools/setup bochs
	$(Q)tools/make_iso $(BUILD)/pagoda.elf $(ARCHIVE) $(BUILD)/bochs.iso \
		run selftest$(if $(SUITES),=$(SUITES))
	$(Q)tools/run_bochs $(BUILD)/bochs.iso $(BUILD)/bochs.txt 1024
	$(Q)cat $(BUILD)/bochs.txt
	$(Q)grep -q '^# pagoda: selftest: .* 0 failed' $(BUILD)/bochs.txt

debug:  ## the same under GDB, stopped before the first instruction
	$(Q)tools/setup debug
	$(Q)tools/fetch_i386 $(I386)
	$(Q)$(MAKE_AGAIN) all
	$(Q)APPEND="$(APPEND)" QEMU="$(QEMU)" MEM="$(MEM)" CPU="$(CPU)" \
		tools/gdb/debug $(BUILD)/pagoda.elf $(ARCHIVE)

# What T= selects is said first, and an unknown T before anything is built.
test:  ## install what is missing, build, run every test (T=buddy: of one subject)
	$(Q)tools/setup test
	$(if $(T),$(Q)$(PYTHON) tests/emu/subjects.py $(T))
	$(Q)tools/fetch_i386 $(I386)
	$(Q)$(MAKE_AGAIN) all host
	$(if $(T),$(Q)$(PYTHON) tests/emu/smoke.py --about $(T))
	SUBJECT=$(T) $(PYTHON) -m pytest -c tests/pytest.ini -q -n $(JOBS) \
		--dist loadfile tests

# Each part runs as soon as its program is built; the kernel's waits for timers
# half of its time, and the host's runs meanwhile.
smoke:  ## build, boot, the suites in the kernel and on the host: a verdict in seconds
	$(Q)start=$$(date +%s); \
	$(MAKE) --no-print-directory -s -k -j$(JOBS) smoke-kernel smoke-host && \
		verdict=passed || verdict=FAILED; \
	echo "smoke: $$verdict in $$(($$(date +%s) - start)) s"; \
	test $$verdict = passed

smoke-kernel: all
	$(Q)$(PYTHON) tests/emu/smoke.py kernel

smoke-host: $(HOST_BUILD)/suites
	$(Q)$(PYTHON) tests/emu/smoke.py host

MACHINES ?=
COMMANDS ?=
T        ?=

test-fresh:  ## both commands on new roots of Debian (MACHINES=a,b COMMANDS=run,test T=)
	$(Q)tools/setup fresh
	$(Q)$(PYTHON) tools/fresh machines=$(MACHINES) commands=$(COMMANDS) T=$(T)

# The fuzzer's kernel is a debug build, in a folder of its own.
soak: all  ## the long runs from ring 3, ten times as long as in `make test`
	SOAK=10 $(PYTHON) -m pytest -c tests/pytest.ini -q -n $(JOBS) \
		tests/emu/test_soak.py -k "not law"
	$(Q)$(MAKE_AGAIN) BUILD=$(BUILD)-debug DEBUG=1 all
	BUILD=$(BUILD)-debug SOAK=10 $(PYTHON) -m pytest -c tests/pytest.ini -q \
		-n $(JOBS) tests/emu/test_soak.py -k law

# Twice: what is measured in the kernel, then what ring 3 sees.
BENCH_QEMU := $(QEMU) -kernel $(BUILD)/pagoda.elf -initrd $(BUILD)/boot.cpio \
	-accel tcg -icount shift=0,sleep=off -m $(MEM) -display none \
	-serial stdio -monitor none -no-reboot \
	-device isa-debug-exit,iobase=0xf4,iosize=0x04

bench: all  ## instructions per operation, beside bounds and Linux's figures
	$(Q)for words in bench program=tests/bench_user; do \
		$(BENCH_QEMU) -append "$$words $(APPEND)" < /dev/null; \
		test $$? = 33 || exit 1; \
	done > $(BUILD)/bench.txt || { cat $(BUILD)/bench.txt; exit 1; }
	$(Q)$(PYTHON) tools/bench_table.py < $(BUILD)/bench.txt

N      ?= 100
SEED   ?= 1
FOLDER ?= mm

mutants:  ## change one token, see whether a host suite fails (N= SEED= FOLDER=)
	$(Q)$(PYTHON) tools/mutants --n $(N) --seed $(SEED) --jobs $(JOBS) \
		--build $(BUILD)/mutants $(FOLDER)

# In a folder of its own: counters are in every object. UBSan's checks would be
# branches too. The host program runs on two machines, as for `make mutants`.
COVERAGE := $(BUILD)/coverage

coverage: all  ## lines that the suites run, in the kernel and on the host; branches
	$(Q)$(MAKE_AGAIN) BUILD=$(COVERAGE) HOST_CC="$(HOST_CC) --coverage" \
		CFLAGS_EXTRA=-fno-sanitize=all $(COVERAGE)/host/suites
	$(Q)find $(COVERAGE) -name '*.gcda' -delete
	$(Q)$(COVERAGE)/host/suites > $(COVERAGE)/host.txt
	$(Q)$(COVERAGE)/host/suites --mem=61G --nonx --hole=200M-217M \
		--hole=900M-901M --vmalloc=256M > $(COVERAGE)/large.txt
	$(Q)$(QEMU) -kernel $(BUILD)/pagoda.elf -initrd $(BUILD)/boot.cpio \
		-append selftest -m 1G -cpu max -display none -no-reboot \
		-serial file:$(COVERAGE)/kernel.txt -monitor none \
		-device isa-debug-exit,iobase=0xf4,iosize=0x04 \
		-d in_asm -D $(COVERAGE)/blocks.txt < /dev/null; test $$? = 33
	$(Q)$(PYTHON) tools/coverage --host $(COVERAGE)/host \
		--kernel $(BUILD)/pagoda.elf --blocks $(COVERAGE)/blocks.txt \
		--missed $(COVERAGE)/missed.txt

lab:  ## a student's tree with a lab in it (LAB=buddy SEED=17 OUT=../mylab)
	$(Q)tools/setup grade
	$(Q)$(PYTHON) tools/lab/lab make $(LAB) --seed $(SEED) --out $(OUT)

grade-selftest:  ## grade seeded bugs and right solutions of the labs (LAB=buddy: of one)
	$(Q)$(MAKE_AGAIN) all host
	$(Q)$(PYTHON) tools/lab/lab selftest $(LAB)

doctor:  ## what is wrong with this machine, and the command that mends it
	@BUILD=$(BUILD) PYTHON=$(PYTHON) tools/doctor

pictures: all  ## draw docs/pictures anew, from what a real run says
	$(Q)$(PYTHON) tools/pictures --qemu $(QEMU) --run $(BUILD)/pagoda.elf \
		docs/pictures/dump.txt
	$(Q)$(PYTHON) tools/pictures docs/pictures/dump.txt docs/pictures

check:  ## static analysis, layers, style, documents, functions that nobody calls
	$(Q)$(MAKE_AGAIN) all host
	$(Q)$(PYTHON) tools/check_unused.py $(BUILD)
	$(Q)$(PYTHON) tools/check_layers.py --cc "$(CC) $(CFLAGS)" \
		--host-cc "$(HOST_CC) $(HOST_CFLAGS)"
	$(Q)$(PYTHON) tools/check_style.py
	$(Q)$(PYTHON) tools/check_docs.py
	$(Q)$(PYTHON) tools/check_laws.py
	$(Q)tools/analyze $(filter-out tests/% kernel/trial/crash.c,$(filter %.c,$(KERNEL_SRCS))) \
		$(wildcard boot/*.c)

# Every command that would compile something, whether it has to or not.
compile_commands.json:  ## how each file is compiled, for clangd and editors
	$(Q)$(MAKE) --no-print-directory -nB V=1 all host | \
		$(PYTHON) tools/compile_commands.py > $@.tmp
	$(Q)mv $@.tmp $@

# Words that are no part of a declaration, for ctags.
NO_NAMES := $(shell sed -n 's/^.define \(__[a-z_]*\).*/\1+/p' lib/compiler.h) \
	MUST_HOLD+ KTEST+ UTEST+
TEST_NAME := /^[KU]TEST\(([a-z0-9_]+, *)?([a-z0-9_]+)\)/\2/T,test/

tags:  ## where each name is defined, for vi, Emacs and others
	$(Q)tools/setup tags
	$(Q)ctags -R --languages=C,Asm,Python -I "$(NO_NAMES)" \
		--regex-C='$(TEST_NAME)' -f $@ \
		boot arch lib mm kernel user tests tools

measure:  ## size and shape of the tree in numbers; beside another's with BESIDE=
	$(Q)$(PYTHON) tools/measure.py $(if $(BESIDE),--root $(BESIDE)) --root .

help:  ## this list
	@sed -n 's/^\([a-z][a-z_.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

clean:  ## remove build/
	rm -rf $(BUILD)
