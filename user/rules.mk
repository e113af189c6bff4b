# SPDX-License-Identifier: MIT
#
# rules.mk - build user mode and the boot archive; included by the Makefile
#
#   user/lib/*.c                the library, and what it takes of lib/
#   user/servers/NAME.c         a server         -> NAME
#   user/programs/NAME.c        a program        -> NAME
#   user/shell/*.c              the shell        -> sh
#   user/personality/*.c        Linux's files    -> linux
#   user/libc/NAME.c            plain C, linked with a libc for i386, if there
#                               is one           -> NAME-musl, NAME-glibc
#   user/files/*                text             -> as it is
#   tests/user/NAME.c           a test program   -> tests/NAME
#   tests/differential/*.c      one more         -> tests/memdiff
#   tests/fuzz/*.c              and one more     -> tests/soak_fuzz
#   $(I386)/bin/busybox         Debian's own     -> busybox
#
# tools/fetch_i386 fills $(I386). What is not there is left out, and the member
# `left-out` says so.

I386       := $(BUILD)/i386
USER_BUILD := $(BUILD)/user

# Programs have the plain calling convention, unlike the kernel, so they can be
# linked with any other object.
USER_CFLAGS := $(TARGET) -std=gnu11 -O2 -g -march=i686 -ffreestanding \
	-fno-builtin-printf -fno-pic -fno-pie -fcf-protection=none \
	-fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-common \
	-ffunction-sections -fdata-sections $(WARNINGS) $(INT_TYPES) \
	-I. -Iarch/i386/include -MMD -MP
USER_LDFLAGS := -m elf_i386 -T user/user.ld -static -nostdlib --gc-sections \
	-z max-page-size=4096 -z noexecstack --build-id=none

USER_LIB_SRCS := $(sort $(wildcard user/lib/*.c user/lib/*.S)) \
	lib/string.c lib/text.c lib/printf.c lib/div64.c
USER_LIB_OBJS := $(USER_LIB_SRCS:%=$(USER_BUILD)/obj/%.o)
USER_SINGLE   := $(sort $(wildcard user/servers/*.c user/programs/*.c))
USER_SHELL    := $(sort $(wildcard user/shell/*.c))
USER_LINUX    := $(sort $(wildcard user/personality/*.c))
USER_TESTS    := $(sort $(wildcard tests/user/*.c))
MEMDIFF       := $(sort $(wildcard tests/differential/*.c))
FUZZER        := $(sort $(wildcard tests/fuzz/*.c))
USER_LIBC     := $(sort $(wildcard user/libc/*.c))

USER_OBJS := $(USER_LIB_OBJS) $(patsubst %,$(USER_BUILD)/obj/%.o, \
	$(USER_SINGLE) $(USER_SHELL) $(USER_LINUX) $(USER_TESTS) $(MEMDIFF) $(FUZZER))
USER_PROGRAMS := $(patsubst %.c,$(USER_BUILD)/%,$(notdir $(USER_SINGLE))) \
	$(USER_BUILD)/sh $(USER_BUILD)/linux
USER_TEST_PROGRAMS := $(USER_TESTS:tests/user/%.c=$(USER_BUILD)/tests/%) \
	$(USER_BUILD)/tests/memdiff $(USER_BUILD)/tests/soak_fuzz

$(USER_BUILD)/obj/%.c.o: %.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $< (user)")
	$(Q)$(CC) $(USER_CFLAGS) -c $< -o $@

$(USER_BUILD)/obj/%.S.o: %.S
	@mkdir -p $(@D)
	$(if $(Q),@echo "  AS      $< (user)")
	$(Q)$(CC) $(USER_CFLAGS) -c $< -o $@

define link_user
	@mkdir -p $(@D)
	$(if $(Q),@echo "  LD      $@")
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $(filter %.o,$^)
endef

$(USER_PROGRAMS) $(USER_TEST_PROGRAMS): $(BUILD)/objects

$(USER_BUILD)/%: $(USER_BUILD)/obj/user/servers/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/%: $(USER_BUILD)/obj/user/programs/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/tests/%: $(USER_BUILD)/obj/tests/user/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/tests/memdiff: $(MEMDIFF:%=$(USER_BUILD)/obj/%.o) \
		$(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/tests/soak_fuzz: $(FUZZER:%=$(USER_BUILD)/obj/%.o) \
		$(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/sh: $(USER_SHELL:%=$(USER_BUILD)/obj/%.o) $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/linux: $(USER_LINUX:%=$(USER_BUILD)/obj/%.o) $(USER_LIB_OBJS) user/user.ld
	$(link_user)

# ---- with somebody else's C library ----------------------------------------
#
# A compiler brings the start files, libgcc and most headers of its own machine.
# A gcc without 32-bit libraries gives its 64-bit libgcc for -m32 too. So all of
# them are taken from Debian's i386 here, by their paths. Only the code, and the
# few headers that belong to a compiler, come from the compiler.

MUSL_LIB  := $(I386)/usr/lib/i386-linux-musl
GLIBC_LIB := $(I386)/usr/lib/i386-linux-gnu
LIBGCC    := $(lastword $(sort \
	$(wildcard $(I386)/usr/lib/gcc/i686-linux-gnu/*/libgcc.a)))
LIBGCC_EH := $(LIBGCC:%.a=%_eh.a)
LIBC_CC   := $(CC) $(if $(CLANG),--target=i686-linux-gnu,$(TARGET))

USER_LIBCS := $(if $(LIBGCC),$(if $(wildcard $(MUSL_LIB)/libc.a),musl) \
	$(if $(wildcard $(GLIBC_LIB)/libc.a),glibc))
libc_programs = $(foreach libc,$(1),$(USER_LIBC:user/libc/%.c=%-$(libc)))
USER_LIBC_PROGRAMS := $(addprefix $(USER_BUILD)/,$(call libc_programs,$(USER_LIBCS)))

LIBC_CFLAGS := -std=gnu11 -O2 -march=i686 -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE -nostdinc
LIBC_LDFLAGS := -m elf_i386 -static -nostdlib -z noexecstack

$(USER_BUILD)/%-musl: user/libc/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CCLD    $@")
	$(Q)$(LIBC_CC) $(LIBC_CFLAGS) -isystem $(I386)/usr/include/i386-linux-musl \
		-c $< -o $@.o
	$(Q)$(LD) $(LIBC_LDFLAGS) -o $@ $(MUSL_LIB)/crt1.o $(MUSL_LIB)/crti.o \
		$@.o --start-group $(MUSL_LIB)/libc.a $(LIBGCC) --end-group \
		$(MUSL_LIB)/crtn.o

# The glibc start-up needs gcc's unwinder.
$(USER_BUILD)/%-glibc: user/libc/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CCLD    $@")
	$(Q)$(LIBC_CC) $(LIBC_CFLAGS) \
		-isystem "$$($(LIBC_CC) -print-file-name=include)" \
		-isystem $(I386)/usr/include/i386-linux-gnu \
		-isystem $(I386)/usr/include -c $< -o $@.o
	$(Q)$(LD) $(LIBC_LDFLAGS) -o $@ $(GLIBC_LIB)/crt1.o $(GLIBC_LIB)/crti.o \
		$@.o --start-group $(GLIBC_LIB)/libc.a $(LIBGCC) $(LIBGCC_EH) \
		--end-group $(GLIBC_LIB)/crtn.o

# ---- the archive -----------------------------------------------------------
#
# A program that cannot be built here is left out. The end of the build says so,
# and so does the shell's `ls`: the member `left-out` has the same words.

ARCHIVE := $(BUILD)/boot.cpio
BUSYBOX := $(wildcard $(I386)/bin/busybox)
LEFT_OUT_NAMES := $(call libc_programs,$(filter-out $(USER_LIBCS),musl glibc)) \
	$(if $(BUSYBOX),,busybox)
LEFT_OUT := $(if $(strip $(LEFT_OUT_NAMES)),not built here: \
	$(strip $(LEFT_OUT_NAMES)) (what is needed is not in $(I386): \
	`tools/fetch_i386 $(I386)` fetches it, as `make run` does))
USER_FILES := $(sort $(wildcard user/files/*)) \
	$(if $(LEFT_OUT),$(USER_BUILD)/left-out)
ARCHIVE_MEMBERS := $(USER_PROGRAMS) $(USER_LIBC_PROGRAMS) $(USER_FILES) \
	$(BUSYBOX) --folder tests $(USER_TEST_PROGRAMS)

$(call remember,$(USER_BUILD)/left-out,$(LEFT_OUT))

# A file has the list of members: if the list changes, the archive is made anew,
# even if a member only goes away.
$(call remember,$(USER_BUILD)/members,$(ARCHIVE_MEMBERS))

$(ARCHIVE): $(filter-out --folder tests,$(ARCHIVE_MEMBERS)) \
		$(USER_BUILD)/members tools/make_archive.py
	$(if $(Q),@echo "  CPIO    $@")
	$(Q)$(PYTHON) tools/make_archive.py $@ $(ARCHIVE_MEMBERS)

.PHONY: user
user: $(ARCHIVE)  ## build user mode and the boot archive: build/boot.cpio

.SECONDARY: $(USER_OBJS)
-include $(USER_OBJS:.o=.d)
