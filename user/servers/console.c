// SPDX-License-Identifier: MIT
/*
 * console.c - the console server: owner of COM1
 *
 * WHAT     A device driver outside the kernel. It may use eight I/O ports and
 *          is told of one interrupt; nothing else about it is special. It edits
 *          lines: echo, backspace, ^U, ^C, ^D.
 *
 * PICTURE    wire --> UART --IRQ 4--> notification --+ bound
 *                                                    v
 *            clients --CONSOLE_WRITE, _READ--> endpoint --> this server
 *                                                              | in, out
 *            wire <-- UART <-----------------------------------+
 *
 * TERMS    line     what is being typed, still editable
 *          input    finished lines that no client has read yet
 *          output   text that the UART has not got yet
 *
 * RULES of console_server
 *          C1  a client waits to read only while input is empty
 *          C2  a watcher (CONSOLE_TRY) does not wait, and is told of input
 *              once: if there is no room for one more, the oldest is told early
 *          C3  the UART interrupts for "ready to send" exactly while there is
 *              output
 *          C4  a client waits to write only while there is output
 *          C5  this server does not wait for the UART, nor for the reader at
 *              the other end; only DRAIN waits, and gives up in the end
 *          C6  only the leader of the session says which task ^C kills; and
 *              when the leader reads, the next line is the leader's
 *          C7  no client is refused because others wait (user/lib/queue.h)
 *
 * ALGORITHM  IRQ 4 is an edge: while one cause remains, a new cause makes no
 *          edge. So the UART is served until it names no more cause. Then the
 *          IRQ is acknowledged.
 *
 *          The reader at the other end may pause (a pager, Ctrl-S). If then
 *          there is no room for a text, its writer waits until there is room.
 *          An echo without room is lost, but what is typed still arrives.
 *
 * HANDLES  1: the name server; 2: its endpoint, "console"; 3: ports of COM1;
 *          4: notification; 5: IRQ 4.
 * NOT HERE the kernel's own messages, which the kernel writes by polling.
 * SEE      National PC16550D data sheet; user/lib/protocol.h.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/protocol.h"
#include "user/lib/queue.h"
#include "user/lib/start.h"

#define PORTS         (HANDLE_SERVER_OWN + 0)
#define NOTIFICATION  (HANDLE_SERVER_OWN + 1)
#define IRQ           (HANDLE_SERVER_OWN + 2)

#define COM1  0x3f8

enum uart_register { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR,
		     UART_LSR };

#define IER_RECEIVED   0x01
#define IER_SEND       0x02
#define IIR_NOTHING    0x01
#define MCR_INTERRUPTS 0x0b   /* DTR, RTS, and OUT2: the line to the PIC */
#define LSR_RECEIVED   0x01
#define LSR_READY      0x20
#define LSR_QUIET      0x40
#define UART_FIFO      16

#define RING_SIZE    4096u    /* a power of two: indexes wrap by themselves */
#define LINE_MAX     256
#define WATCHERS_MAX 4
#define TEXT_ROOM    (2 * WORDS_TEXT_MAX)   /* a newline takes two bytes */

/* DRAIN gives up after so many looks without a byte sent: 10 s to 30 s. */
#define DRAIN_LOOKS  10000000u

#define SIGINT     2
#define CTRL(c)    ((c) & 0x1f)
#define BACKSPACE  8
#define DELETE     127
#define ESCAPE     27

struct ring {
	char     data[RING_SIZE];
	uint32_t from, to;          /* from == to: empty */
};

static struct ring input, output;
static char line[LINE_MAX];
static unsigned line_length;
static bool end_of_input;               /* ^D on an empty line */
static unsigned escape;                 /* position in ESC [ letter */
static uint32_t watchers[WATCHERS_MAX]; /* notifications, oldest first */
static unsigned nr_watchers;
static uint32_t foreground;             /* a task's handle; 0: none */
static struct queue readers, writers;

/* ---- the chip --------------------------------------------------------- */

static uint8_t uart_get(enum uart_register reg)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value)
			 : "Nd"((uint16_t)(COM1 + reg)));
	return value;
}

static void uart_set(enum uart_register reg, uint8_t value)
{
	__asm__ volatile("outb %0, %1"
			 : : "a"(value), "Nd"((uint16_t)(COM1 + reg)));
}

static uint32_t ring_used(const struct ring *ring)
{
	return ring->to - ring->from;
}

static void ring_put(struct ring *ring, char c)
{
	if (ring_used(ring) < RING_SIZE)
		ring->data[ring->to++ % RING_SIZE] = c;
}

static char ring_get(struct ring *ring)
{
	return ring->data[ring->from++ % RING_SIZE];
}

/* C3. */
static void uart_set_interrupts(void)
{
	uart_set(UART_IER, IER_RECEIVED | (ring_used(&output) ? IER_SEND : 0));
}

/* If the UART's FIFO is empty, fill it. Returns: whether it was empty. */
static bool uart_send(void)
{
	if (!(uart_get(UART_LSR) & LSR_READY))
		return false;
	for (int i = 0; i < UART_FIFO && ring_used(&output); i++)
		uart_set(UART_DATA, (uint8_t)ring_get(&output));
	return true;
}

/* ---- output ----------------------------------------------------------- */

/* If there is no room, the character is lost. */
static void put(char c)
{
	if (c == '\n')
		ring_put(&output, '\r');
	ring_put(&output, c);
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static bool has_room(void)
{
	return RING_SIZE - ring_used(&output) >= TEXT_ROOM;
}

static void put_words(struct words *words)
{
	uint32_t length = MIN(words->w[0] >> 8, (uint32_t)WORDS_TEXT_MAX);
	const char *text = words_text(words);

	for (uint32_t i = 0; i < length; i++)
		put(text[i]);
	words->w[0] = 0;
}

/* C4. The text is printed even if its writer has ended meanwhile. */
static void answer_writers(void)
{
	while (writers.first && has_room()) {
		put_words(&writers.first->words);
		ipc_reply(writers.first->reply, &writers.first->words);
		queue_remove(&writers, &writers.first);
	}
}

static void drain(void)
{
	for (unsigned looks = 0; looks < DRAIN_LOOKS; looks++) {
		if (!ring_used(&output) && uart_get(UART_LSR) & LSR_QUIET)
			return;
		if (uart_send() && ring_used(&output))
			looks = 0;
		answer_writers();
	}
}

/* ---- input ------------------------------------------------------------ */

static bool has_input(void)
{
	return ring_used(&input) || end_of_input;
}

/* Put a part of a line into the answer. */
static void take_input(struct words *words, uint32_t most)
{
	uint32_t n = 0;
	char *text = words_text(words);

	while (n < most && ring_used(&input)) {
		text[n] = ring_get(&input);
		if (text[n++] == '\n')
			break;
	}
	if (!n)
		end_of_input = false;
	words->w[0] = n;
}

static void tell_watcher(void)
{
	pg_call(PG_NOTIFICATION_SIGNAL, watchers[0], 1, 0, 0, 0);
	handle_close(watchers[0]);
	nr_watchers--;
	memmove(watchers, watchers + 1, nr_watchers * sizeof(watchers[0]));
}

/* If the reader has ended meanwhile, the input stays. */
static void answer_reader(void)
{
	const uint32_t from = input.from;
	const bool end = end_of_input;
	struct words words;

	take_input(&words, WORDS_TEXT_MAX);
	if (ipc_reply(readers.first->reply, &words) < 0) {
		input.from = from;
		end_of_input = end;
	}
	queue_remove(&readers, &readers.first);
}

static void answer_readers(void)
{
	while (readers.first && has_input())
		answer_reader();
	while (nr_watchers && has_input())
		tell_watcher();
}

static void line_finish(void)
{
	put('\n');
	for (unsigned i = 0; i < line_length; i++)
		ring_put(&input, line[i]);
	ring_put(&input, '\n');
	line_length = 0;
}

static void line_erase(unsigned n)
{
	for (; n && line_length; n--, line_length--)
		put_text("\b \b");
}

/* Arrow keys and others send ESC [ letter, which is ignored. */
static bool in_escape(char c)
{
	if (c == ESCAPE) {
		escape = 1;
	} else if (escape == 1) {
		escape = c == '[' || c == 'O' ? 2 : 0;
	} else if (escape == 2) {
		if (c >= '@' && c <= '~')
			escape = 0;
	} else {
		return false;
	}
	return true;
}

/* ^C kills the foreground task. If there is none, it gives an empty line. */
static void interrupt(void)
{
	put_text("^C");
	line_length = 0;
	if (foreground &&
	    pg_call(PG_TASK_KILL, foreground, SIGINT, 0, 0, 0) >= 0)
		put('\n');
	else
		line_finish();
}

static void typed(char c)
{
	if (in_escape(c))
		return;
	switch (c) {
	case '\r':
	case '\n':
		line_finish();
		return;
	case BACKSPACE:
	case DELETE:
		line_erase(1);
		return;
	case CTRL('U'):
		line_erase(LINE_MAX);
		return;
	case CTRL('C'):
		interrupt();
		return;
	case CTRL('D'):
		end_of_input = end_of_input || !line_length;
		return;
	}
	if ((unsigned char)c < ' ' || line_length == LINE_MAX)
		return;
	line[line_length++] = c;
	put(c);
}

static void uart_serve(void)
{
	do {
		while (uart_get(UART_LSR) & LSR_RECEIVED)
			typed((char)uart_get(UART_DATA));
		uart_send();
		answer_writers();
		uart_set_interrupts();
	} while (!(uart_get(UART_IIR) & IIR_NOTHING));
	answer_readers();
}

/* ---- messages --------------------------------------------------------- */

static bool is_leader(long received)
{
	return (received & BADGE_MAX) == CONSOLE_LEADER;
}

/* Returns: true: the client gets its answer now; false: later, or none. */
static bool do_read(long received, struct words *words)
{
	long err;

	if (has_input()) {
		take_input(words, WORDS_TEXT_MAX);
		return true;
	}
	err = queue_add(&readers, words, is_leader(received));
	words->w[0] = (uint32_t)err;
	return err;
}

static void do_try(long received, struct words *words)
{
	uint32_t most = MIN(words->w[0] >> 8, (uint32_t)WORDS_TEXT_MAX);
	uint32_t notification;

	words->w[0] = most ? (uint32_t)-EAGAIN : 0;
	if (most && has_input())
		take_input(words, most);
	if (words->w[0] != (uint32_t)-EAGAIN)
		return;
	notification = ipc_take_handle(received);
	if (!notification)
		return;
	if (nr_watchers == WATCHERS_MAX)
		tell_watcher();
	watchers[nr_watchers++] = notification;
}

/* Returns: true: the client gets its answer now; false: later, or none. */
static bool do_write(long received, struct words *words)
{
	long err;

	if (!writers.first && has_room()) {
		put_words(words);
		uart_set_interrupts();
		return true;
	}
	err = queue_add(&writers, words, is_leader(received));
	words->w[0] = (uint32_t)err;
	return err;
}

/*
 * As with Linux's tcsetpgrp(), the session chooses the foreground task: here
 * only its leader does. The handle that came is kept until the next choice.
 */
static long do_foreground(long received)
{
	if (!is_leader(received))
		return -EPERM;
	if (foreground)
		handle_close(foreground);
	foreground = ipc_take_handle(received);
	return 0;
}

/* Returns: true: the client gets its answer now; false: later, or none. */
static bool serve(long received, struct words *words)
{
	if (received & IPC_KERNEL) {
		uart_serve();
		pg_call(PG_IRQ_ACK, IRQ, 0, 0, 0, 0);
		return false;
	}
	switch (words->w[0] & 0xff) {
	case CONSOLE_WRITE:
		return do_write(received, words);
	case CONSOLE_READ:
		return do_read(received, words);
	case CONSOLE_TRY:
		do_try(received, words);
		return true;
	case CONSOLE_DRAIN:
		drain();
		uart_set_interrupts();
		words->w[0] = 0;
		return true;
	case CONSOLE_FOREGROUND:
		words->w[0] = (uint32_t)do_foreground(received);
		return true;
	default:
		words->w[0] = (uint32_t)-ENOSYS;
		return true;
	}
}

static void loop(void)
{
	struct words words;
	long received = ipc_receive(HANDLE_ENDPOINT, &words);

	while (received >= 0) {
		bool answer = serve(received, &words);

		ipc_drop(received);
		if (answer)
			received = ipc_reply_receive(HANDLE_ENDPOINT, &words);
		else
			received = ipc_receive(HANDLE_ENDPOINT, &words);
	}
}

int main(int argc, char **argv, char **envp)
{
	if (pg_call(PG_IO_PORTS_ALLOW, PORTS, 0, 0, 0, 0) < 0 ||
	    pg_call(PG_NOTIFICATION_BIND, NOTIFICATION, HANDLE_ENDPOINT, 0, 0,
		    0) < 0)
		return 1;
	ipc_init();
	uart_set(UART_MCR, MCR_INTERRUPTS);
	uart_set_interrupts();
	pg_call(PG_IRQ_ACK, IRQ, 0, 0, 0, 0);
	loop();
	return 1;
}
