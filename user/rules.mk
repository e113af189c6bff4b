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
#   $(I386)/bin/busybox         Debian's own     -> busybox
#
# $(I386) is filled by tools/fetch_i386; what is not there is left out.

I386       := $(BUILD)/i386
USER_BUILD := $(BUILD)/user

# The plain calling convention, unlike the kernel: what is built here could be
# linked with anything.
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
USER_LIBC     := $(sort $(wildcard user/libc/*.c))

USER_OBJS := $(USER_LIB_OBJS) $(patsubst %,$(USER_BUILD)/obj/%.o, \
	$(USER_SINGLE) $(USER_SHELL) $(USER_LINUX) $(USER_TESTS) $(MEMDIFF))
USER_PROGRAMS := $(patsubst %.c,$(USER_BUILD)/%,$(notdir $(USER_SINGLE))) \
	$(USER_BUILD)/sh $(USER_BUILD)/linux
USER_TEST_PROGRAMS := $(USER_TESTS:tests/user/%.c=$(USER_BUILD)/tests/%) \
	$(USER_BUILD)/tests/memdiff

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

$(USER_BUILD)/%: $(USER_BUILD)/obj/user/servers/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/%: $(USER_BUILD)/obj/user/programs/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/tests/%: $(USER_BUILD)/obj/tests/user/%.c.o $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/tests/memdiff: $(MEMDIFF:%=$(USER_BUILD)/obj/%.o) \
		$(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/sh: $(USER_SHELL:%=$(USER_BUILD)/obj/%.o) $(USER_LIB_OBJS) user/user.ld
	$(link_user)

$(USER_BUILD)/linux: $(USER_LINUX:%=$(USER_BUILD)/obj/%.o) $(USER_LIB_OBJS) user/user.ld
	$(link_user)

# ---- with somebody else's C library ----------------------------------------
#
# The compiler brings the start files of its own machine; here they and the
# headers are those of the library, by name. Always gcc, whose libgcc it needs.

MUSL_LIB  := $(I386)/usr/lib/i386-linux-musl
GLIBC_LIB := $(I386)/usr/lib/i386-linux-gnu
LIBC_CC   := $(CROSS_COMPILE)gcc $(if $(CROSS_COMPILE),,-m32)
LIBGCC    := $(wildcard $(shell $(LIBC_CC) -print-libgcc-file-name 2>/dev/null))
LIBGCC_EH := $(wildcard $(dir $(LIBGCC))libgcc_eh.a)
GCC_INCLUDE := $(shell $(LIBC_CC) -print-file-name=include 2>/dev/null)

# The glibc start-up needs gcc's unwinder; without it there is only musl.
USER_LIBCS := $(if $(and $(wildcard $(MUSL_LIB)/libc.a),$(LIBGCC)),musl) \
	$(if $(and $(wildcard $(GLIBC_LIB)/libc.a),$(LIBGCC_EH)),glibc)
USER_LIBC_PROGRAMS := $(foreach libc,$(USER_LIBCS), \
	$(USER_LIBC:user/libc/%.c=$(USER_BUILD)/%-$(libc)))

LIBC_CFLAGS := -std=gnu11 -O2 -march=i686 -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE -nostdinc
LIBC_LDFLAGS := -m elf_i386 -static -nostdlib -z noexecstack

$(USER_BUILD)/%-musl: user/libc/%.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CCLD    $@")
	$(Q)$(LIBC_CC) $(LIBC_CFLAGS) -isystem $(I386)/usr/include/i386-linux-musl \
		-c $< -o $@.o
	$(Q)$(LD) $(LIBC_LDFLAGS) -o $@ $(MUSL_LIB)/crt1.o $(MUSL_LIB)/crti.o \
		$@.o --start-group $(MUSL_LIB)/libc.a $(LIBGCC) --end-group \
		$(MUSL_LIB)/crtn.o

$(USER_BUILD)/%-glibc: user/libc/%.c
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CCLD    $@")
	$(Q)$(LIBC_CC) $(LIBC_CFLAGS) -isystem $(GCC_INCLUDE) \
		-isystem $(I386)/usr/include/i386-linux-gnu \
		-isystem $(I386)/usr/include -c $< -o $@.o
	$(Q)$(LD) $(LIBC_LDFLAGS) -o $@ $(GLIBC_LIB)/crt1.o $(GLIBC_LIB)/crti.o \
		$@.o --start-group $(GLIBC_LIB)/libc.a $(LIBGCC) $(LIBGCC_EH) \
		--end-group $(GLIBC_LIB)/crtn.o

# ---- the archive -----------------------------------------------------------

ARCHIVE := $(BUILD)/boot.cpio
USER_FILES := $(sort $(wildcard user/files/*))
ARCHIVE_MEMBERS := $(USER_PROGRAMS) $(USER_TEST_PROGRAMS) \
	$(USER_LIBC_PROGRAMS) $(USER_FILES) $(wildcard $(I386)/bin/busybox)

# The list of members is kept in a file, so that a member that goes away makes
# the archive anew too.
$(shell mkdir -p $(USER_BUILD); \
	echo '$(ARCHIVE_MEMBERS)' | cmp -s - $(USER_BUILD)/members || \
	echo '$(ARCHIVE_MEMBERS)' > $(USER_BUILD)/members)

$(ARCHIVE): $(ARCHIVE_MEMBERS) $(USER_BUILD)/members tools/make_archive.py
	$(if $(Q),@echo "  CPIO    $@")
	$(Q)$(PYTHON) tools/make_archive.py $@ $(USER_PROGRAMS) \
		$(USER_LIBC_PROGRAMS) $(USER_FILES) \
		$(wildcard $(I386)/bin/busybox) \
		--folder tests $(USER_TEST_PROGRAMS)

.PHONY: user
user: $(ARCHIVE)  ## build user mode and the boot archive: build/boot.cpio

.SECONDARY: $(USER_OBJS)
-include $(USER_OBJS:.o=.d)
