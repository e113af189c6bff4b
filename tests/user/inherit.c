// SPDX-License-Identifier: MIT
/*
 * inherit.c - which state of the CPU a child or a new thread begins with
 *
 * WHAT     A table: rows are pieces of state, columns the ways to make a child.
 *          In each cell the child must have what its parent had. I/O ports are
 *          the exception: they are a task's own, so only a thread has them.
 *
 * PICTURE                  fork  vfork  clone as fork  shared memory  thread
 *            EBX ... EBP    =     =          =              =           =
 *            EFLAGS         =     =          =              =           =
 *            ES FS GS       =     =          =              =           =
 *            TLS            =     =          =              =           =
 *            FPU, SSE       =     =          =              =           =
 *            signal mask    =     =          =              =           =
 *            I/O ports      -     -          -              -           =
 *
 *          A new program has none of it.
 *
 * ALGORITHM  probe() loads the registers and makes the call. The child writes
 *          its registers into SEEN, which is shared, before any C code runs.
 * NOT HERE exec: there is only TASK_START. General registers of a new program:
 *          the kernel's suite `task`.
 */
#include "tests/user/utest.h"
#include "user/lib/archive.h"
#include "user/lib/tasks.h"

#define SEEN_ADDR     0x60000000
#define STACK_SIZE    (16 * PAGE)
#define FLAGS_LOADED  0xcd5u     /* CF PF AF ZF SF DF OF */
#define ST_VALUE      4711
#define CONTROL       0x0e7f     /* round to zero, all masked */
#define MXCSR         0x7f80     /* the same */
#define MASK          0x0000000200000802ull

#define CLONE_VM             0x00000100
#define CLONE_SIGHAND        0x00000800
#define CLONE_VFORK          0x00004000
#define CLONE_THREAD         0x00010000
#define CLONE_CHILD_CLEARTID 0x00200000
#define SIGCHLD_NR           17
#define SIG_SETMASK          2

#define PORT  0x3ff              /* scratch register of COM1 */

/* What probe() loads, and what a child finds. */
struct registers {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eflags, es, fs, gs;
};

struct seen {
	struct registers  registers;         /* probe() knows the offsets */
	uint32_t          esp, saved_esp;
	struct registers *loaded;
	uint32_t          nr;
	uint32_t          done;              /* not 0 until the thread ends */
	uint32_t          tls[2];
	int32_t           st;
	uint32_t          control, mxcsr;
	uint32_t          xmm[4];
	uint64_t          mask;
	uint32_t          port;
};

#define SEEN ((volatile struct seen *)SEEN_ADDR)

static const uint32_t xmm_words[4] = { 0x11223344, 5, 0xfedcba98, 7 };
static uint32_t tls_words[2] = { 0x7157ca1e, 0xca11ab1e };
static bool with_ports;
static bool dirty;               /* a test has set something */

/*
 * Load SEEN->loaded and make the call SEEN->nr. The child goes to child_looks()
 * and never comes back; the parent gets the result.
 */
long probe(void);
__asm__(".text\n"
	"probe:\n\t"
	"pushl %ebp; pushl %ebx; pushl %esi; pushl %edi\n\t"
	"pushl %es; pushl %fs; pushl %gs\n\t"
	"movl %esp, 0x60000000 + 44\n\t"
	"movl 0x60000000 + 48, %eax\n\t"
	"movl 0(%eax), %ebx; movl 4(%eax), %ecx; movl 8(%eax), %edx\n\t"
	"movl 12(%eax), %esi; movl 16(%eax), %edi; movl 20(%eax), %ebp\n\t"
	"movw 28(%eax), %es; movw 32(%eax), %fs; movw 36(%eax), %gs\n\t"
	"pushl 24(%eax); popfl\n\t"
	"movl 0x60000000 + 52, %eax\n\t"
	"int $0x80\n\t"
	"pushfl\n\t"
	"testl %eax, %eax\n\t"
	"jz 1f\n\t"
	"cld\n\t"
	"movl 0x60000000 + 44, %esp\n\t"
	"popl %gs; popl %fs; popl %es\n\t"
	"popl %edi; popl %esi; popl %ebx; popl %ebp\n\t"
	"ret\n"
	"1:\tmovl %ebx, 0x60000000 + 0; movl %ecx, 0x60000000 + 4\n\t"
	"movl %edx, 0x60000000 + 8; movl %esi, 0x60000000 + 12\n\t"
	"movl %edi, 0x60000000 + 16; movl %ebp, 0x60000000 + 20\n\t"
	"popl 0x60000000 + 24\n\t"
	"movl %es, %eax; movl %eax, 0x60000000 + 28\n\t"
	"movl %fs, %eax; movl %eax, 0x60000000 + 32\n\t"
	"movl %gs, %eax; movl %eax, 0x60000000 + 36\n\t"
	"movl %esp, 0x60000000 + 40\n\t"
	"cld\n\t"
	"movl %ds, %eax; movl %eax, %es\n\t"
	"andl $-16, %esp\n\t"
	"call child_looks\n");

_Static_assert(offsetof(struct seen, esp) == 40 &&
	       offsetof(struct seen, saved_esp) == 44 &&
	       offsetof(struct seen, loaded) == 48 &&
	       offsetof(struct seen, nr) == 52, "as probe() has them");

static uint8_t read_port(void)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)PORT));
	return value;
}

static bool has_sse(void)
{
	return cpu_has(24) && cpu_has(25);
}

/* TLS of FS and GS. */
static void read_tls(volatile uint32_t words[2])
{
	__asm__ volatile("movl %%fs:0, %0" : "=r"(words[0]));
	__asm__ volatile("movl %%gs:0, %0" : "=r"(words[1]));
}

static void get_mask(volatile uint64_t *mask)
{
	syscall4(LINUX_NR_rt_sigprocmask, SIG_SETMASK, 0, (long)mask, 8);
}

void child_looks(void);
void child_looks(void)
{
	uint16_t control;

	read_tls(SEEN->tls);
	__asm__ volatile("fistl %0" : "=m"(SEEN->st));
	__asm__ volatile("fnstcw %0" : "=m"(control));
	SEEN->control = control;
	if (has_sse()) {
		__asm__ volatile("stmxcsr %0" : "=m"(SEEN->mxcsr));
		__asm__ volatile("movups %%xmm5, (%0)"
				 : : "r"(SEEN->xmm) : "memory");
	}
	get_mask(&SEEN->mask);
	if (with_ports)
		SEEN->port = read_port() + 1u;
	linux_exit(0);
}

/* ---- the columns ------------------------------------------------------- */

struct way {
	const char *name;
	uint32_t    nr, flags;
	bool        own_stack;
};

static const struct way ways[] = {
	{ "fork",          LINUX_NR_fork,  0, false },
	{ "vfork",         LINUX_NR_vfork, 0, false },
	{ "clone as fork", LINUX_NR_clone, SIGCHLD_NR, true },
	{ "clone as vfork", LINUX_NR_clone,
	  CLONE_VM | CLONE_VFORK | SIGCHLD_NR, false },
	{ "shared memory", LINUX_NR_clone, CLONE_VM | SIGCHLD_NR, true },
	{ "thread",        LINUX_NR_clone,
	  CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID,
	  true },
};

static bool is_thread(const struct way *way)
{
	return way->flags & CLONE_THREAD;
}

static uint32_t load_area(uint32_t *base)
{
	struct linux_user_desc desc = { ~0u, (uint32_t)base, 0xfffff, 0x51 };

	EXPECT_EQ(linux_set_thread_area(&desc), 0);
	return desc.entry_number;
}

static void free_area(uint32_t entry)
{
	struct linux_user_desc desc = { entry, 0, 0, 0x28 };

	EXPECT_EQ(linux_set_thread_area(&desc), 0);
}

static void load_fpu(void)
{
	int32_t value = ST_VALUE;
	uint16_t control = CONTROL;
	uint32_t mxcsr = MXCSR;

	dirty = true;
	__asm__ volatile("fninit\n\tfildl %0\n\tfldcw %1"
			 : : "m"(value), "m"(control));
	if (has_sse())
		__asm__ volatile("ldmxcsr %0\n\tmovups (%1), %%xmm5"
				 : : "m"(mxcsr), "r"(xmm_words));
}

static void fpu_defaults(void)
{
	uint32_t mxcsr = 0x1f80;

	__asm__ volatile("fninit");
	if (has_sse())
		__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static void set_mask(uint64_t mask)
{
	syscall4(LINUX_NR_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

/* Patterns, except in the registers that are arguments of the call. */
static void fill(struct registers *loaded, const struct way *way, char *stack,
		 const uint32_t entries[2])
{
	*loaded = (struct registers){
		.ebx = 0x11111111, .ecx = 0x22222222, .edx = 0x33333333,
		.esi = 0x44444444, .edi = 0x55555555, .ebp = 0x66666666,
		.eflags = FLAGS_LOADED, .es = 0,
		.fs = entries[0] * 8 + 3, .gs = entries[1] * 8 + 3,
	};
	if (way->nr != LINUX_NR_clone)
		return;
	loaded->ebx = way->flags;
	loaded->ecx = way->own_stack ? (uint32_t)stack + STACK_SIZE : 0;
	loaded->edi = (uint32_t)&SEEN->done;
}

/* Returns: the child's wait status; 0 for a thread that has ended. */
static int run_child(const struct way *way)
{
	int status = 0;
	long child;

	SEEN->done = 1;
	child = probe();
	EXPECT(child > 0);
	if (child <= 0)
		return -1;
	while (is_thread(way) && SEEN->done)
		linux_sched_yield();
	if (!is_thread(way))
		EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	return status;
}

/* ---- the rows ---------------------------------------------------------- */

static void cell(const struct way *way, const char *row, uint32_t found,
		 uint32_t wanted)
{
	if (found == wanted)
		return;
	utest_failures++;
	printf("    # %s: the child's %s is 0x%x, not 0x%x\n", way->name, row,
	       found, wanted);
}

static void look_at_registers(const struct way *way,
			      const struct registers *loaded)
{
	const struct registers *found = (const void *)&SEEN->registers;

	cell(way, "EBX", found->ebx, loaded->ebx);
	cell(way, "ECX", found->ecx, loaded->ecx);
	cell(way, "EDX", found->edx, loaded->edx);
	cell(way, "ESI", found->esi, loaded->esi);
	cell(way, "EDI", found->edi, loaded->edi);
	cell(way, "EBP", found->ebp, loaded->ebp);
	cell(way, "EFLAGS", found->eflags & FLAGS_LOADED, FLAGS_LOADED);
	cell(way, "ES", found->es, loaded->es);
	cell(way, "FS", found->fs, loaded->fs);
	cell(way, "GS", found->gs, loaded->gs);
	/* On the parent's stack ESP is what probe() has saved. */
	cell(way, "ESP", SEEN->esp, loaded->ecx && way->own_stack ?
	     loaded->ecx : SEEN->saved_esp);
}

static void look_at_the_rest(const struct way *way)
{
	cell(way, "TLS of FS", SEEN->tls[0], tls_words[0]);
	cell(way, "TLS of GS", SEEN->tls[1], tls_words[1]);
	cell(way, "ST(0)", (uint32_t)SEEN->st, ST_VALUE);
	cell(way, "FPU control word", SEEN->control, CONTROL);
	cell(way, "signal mask, low", (uint32_t)SEEN->mask, (uint32_t)MASK);
	cell(way, "signal mask, high", (uint32_t)(SEEN->mask >> 32),
	     (uint32_t)(MASK >> 32));
	if (!has_sse())
		return;
	cell(way, "MXCSR", SEEN->mxcsr, MXCSR);
	for (unsigned i = 0; i < 4; i++)
		cell(way, "XMM5", SEEN->xmm[i], xmm_words[i]);
}

/* Runs in a child of the test: the state that it sets ends with it. */
static void try_way(long number)
{
	const struct way *way = &ways[number];
	uint32_t entries[2] = { load_area(&tls_words[0]),
				load_area(&tls_words[1]) };
	char *stack = map_pages(STACK_SIZE / PAGE);
	static struct registers loaded;

	fill(&loaded, way, stack, entries);
	SEEN->nr = way->nr;
	SEEN->loaded = &loaded;
	load_fpu();
	set_mask(MASK);
	EXPECT_EQ(run_child(way), 0);
	look_at_registers(way, &loaded);
	look_at_the_rest(way);
	fpu_defaults();
}

static void map_seen(void)
{
	void *p = linux_mmap((void *)SEEN_ADDR, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	EXPECT_EQ((long)p, SEEN_ADDR);
}

UTEST(a_child_begins_with_its_parents_state)
{
	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	map_seen();
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		memset((void *)SEEN_ADDR, 0xee, sizeof(struct seen));
		EXPECT_EQ(exit_of(try_way, (long)i), 0);
	}
}

/* After the call the parent has what it had before. */
UTEST(a_parent_keeps_its_own_state)
{
	struct seen before = { 0 }, after = { 0 };
	uint32_t entry = load_area(&tls_words[0]);
	uint32_t st_before = ST_VALUE;
	int32_t st = 0;

	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	map_seen();
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		load_fpu();
		get_mask(&before.mask);
		EXPECT_EQ(exit_of(try_way, (long)i), 0);
		__asm__ volatile("fistl %0" : "=m"(st));
		EXPECT_EQ(st, st_before);
		get_mask(&after.mask);
		EXPECT(before.mask == after.mask);
		fpu_defaults();
	}
	free_area(entry);
}

/* ---- I/O ports --------------------------------------------------------- */

static bool got_ports(void)
{
	long ports = pg_call(PG_IO_PORTS_CREATE, PG_INIT_SYSTEM, PORT, 1, 0, 0);

	EXPECT(ports > 0);
	dirty = true;
	return !pg_call(PG_IO_PORTS_ALLOW, (uint32_t)ports, 0, 0, 0, 0);
}

static void ports_of_way(const struct way *way)
{
	static struct registers loaded;
	static const uint32_t none[2] = { 0, 0 };
	char *stack = map_pages(STACK_SIZE / PAGE);
	int status;

	fill(&loaded, way, stack, none);
	loaded.fs = loaded.gs = load_area(&tls_words[0]) * 8 + 3;
	SEEN->nr = way->nr;
	SEEN->loaded = &loaded;
	SEEN->port = 0;
	load_fpu();
	status = run_child(way);
	fpu_defaults();
	if (is_thread(way)) {
		cell(way, "read of the port", !!SEEN->port, 1);
	} else {
		cell(way, "status", (uint32_t)status & 0x7f, SIGSEGV_NR);
		cell(way, "read of the port", SEEN->port, 0);
	}
	/* And the owner still has it. */
	read_port();
	free_area(loaded.fs / 8);
}

UTEST(ports_are_a_tasks_own)
{
	SKIP_IF(on_linux(), "Linux's ioperm() is inherited");
	NEEDS_SYSTEM();
	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	map_seen();
	with_ports = true;
	EXPECT(got_ports());
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++)
		ports_of_way(&ways[i]);
	with_ports = false;
}

static volatile uint32_t stop;

/* A child that shares our memory, and takes turns with us. */
static void yields(void)
{
	while (!stop)
		linux_sched_yield();
	linux_exit(0);
}

static long share_memory(void (*fn)(void))
{
	uint32_t *stack = map_pages(STACK_SIZE / PAGE);
	long child;

	stack += STACK_SIZE / 4 - 8;
	__asm__ volatile("int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "call *%%esi\n"
			 "1:"
			 : "=a"(child)
			 : "0"(LINUX_NR_clone), "b"(CLONE_VM | SIGCHLD_NR),
			   "c"(stack), "d"(0), "S"(fn), "D"(0)
			 : "memory", "cc");
	return utest_started(child, "clone");
}

/* Switches between two tasks that share page tables, and to a third task. */
UTEST(the_owner_keeps_its_ports_whoever_ran_before)
{
	int status;
	long other, child;

	SKIP_IF(on_linux(), "Linux has other ports");
	NEEDS_SYSTEM();
	EXPECT(got_ports());
	stop = 0;
	other = utest_fork();
	if (!other)
		for (;;)
			linux_sched_yield();
	child = share_memory(yields);
	EXPECT(child > 0);
	for (unsigned i = 0; i < 300; i++) {
		linux_sched_yield();
		read_port();
	}
	stop = 1;
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	read_port();
}

/* ---- a new program ------------------------------------------------------- */

static void touch_port(long unused)
{
	read_port();
}

static void look_at_fresh_fpu(void)
{
	uint16_t control, status;
	uint32_t mxcsr, xmm[4];

	__asm__ volatile("fnstcw %0\n\tfnstsw %1"
			 : "=m"(control), "=m"(status));
	EXPECT_EQ(control, 0x37f);
	EXPECT_EQ(status, 0);
	if (!has_sse())
		return;
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	__asm__ volatile("movups %%xmm5, (%0)" : : "r"(xmm) : "memory");
	EXPECT_EQ(mxcsr, 0x1f80);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(xmm[i], 0);
}

UTEST(a_program_begins_with_nothing_set)
{
	uint32_t fs, gs, entry;
	uint64_t mask = 1;

	SKIP_IF(dirty, "there is no fresh state behind other tests");
	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	__asm__ volatile("movl %%fs, %0\n\tmovl %%gs, %1"
			 : "=r"(fs), "=r"(gs));
	EXPECT_EQ(fs, 0);
	EXPECT_EQ(gs, 0);
	look_at_fresh_fpu();
	get_mask(&mask);
	EXPECT_EQ((uint32_t)mask, 0);
	EXPECT_EQ((uint32_t)(mask >> 32), 0);
	entry = load_area(&tls_words[0]);
	EXPECT_EQ(entry, on_linux() ? 12 : 6);
	free_area(entry);
	EXPECT_EQ(signal_of(touch_port, 0), SIGSEGV_NR);
}

/* Runs TASK_START from a program in which all of this state is set. */
static void start_ourselves(long unused)
{
	static const char *const argv[] = {
		"inherit", "-q", "a_program_begins_with_nothing_set", NULL,
	};
	struct program program = { .argv = argv, .memory = PG_INIT_ARCHIVE };
	struct archive archive;
	struct archive_file file;
	uint32_t status = ~0u, entry = load_area(&tls_words[0]);
	long task;

	EXPECT_EQ(archive_open(&archive, PG_INIT_ARCHIVE), 0);
	EXPECT(archive_find(&archive, "tests/inherit", &file));
	program.offset = file.offset;
	program.size = file.size;
	load_fpu();
	set_mask(MASK);
	EXPECT(got_ports());
	__asm__ volatile("movw %w0, %%fs\n\tmovw %w0, %%gs"
			 : : "r"(entry * 8 + 3));
	task = program_start_task(&program);
	EXPECT(task > 0);
	EXPECT_EQ(task_wait((uint32_t)task, &status), 0);
	EXPECT_EQ(status, 0);
}

UTEST(a_new_program_has_none_of_its_parents_state)
{
	SKIP_IF(on_linux(), "Linux has other ways to start a program");
	NEEDS_SYSTEM();
	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	EXPECT_EQ(exit_of(start_ourselves, 0), 0);
}
