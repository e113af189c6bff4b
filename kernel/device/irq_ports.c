// SPDX-License-Identifier: MIT
/*
 * irq_ports.c - interrupts and I/O ports for drivers in user mode
 *
 * WHAT     An irq object owns one line. An interrupt masks the line and sets
 *          bits of a notification; IRQ_ACK unmasks the line. An io_ports object
 *          is a range of ports; IO_PORTS_ALLOW lets a task use the ports with
 *          IN and OUT. A program needs the system handle to make such objects.
 *
 * PICTURE    device -> line -> irq_came: mask, signal -> driver wakes
 *                                                        serves the device
 *                      line  <- unmask  <- IRQ_ACK  <----+
 *
 * RULES
 *          a line is unmasked only from an IRQ_ACK to its next interrupt
 *          an object is connected while connected[] has it for its line
 *          the handler's notification lives as long as the handler is set
 *          no task loses a range of ports: whoever gave the range to the task
 *          can end the task
 *
 * LOCKING  Interrupts are off in the handler and while a task's bitmap changes.
 * SEE      <arch/irq.h>, arch_set_io_ports().
 */
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/pci.h>

#include "kernel/calls/calls.h"
#include "kernel/device/device_impl.h"
#include "kernel/ipc/notification.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"

#define NR_IO_PORTS      65536u
#define IO_BITMAP_BYTES  (NR_IO_PORTS / 8)

struct irq_object {
	struct object        object;
	unsigned             irq;           /* I                              */
	struct notification *notification;  /* I  referenced                  */
	uint32_t             bits;          /* I                              */
	const struct pci_device *pci;       /* I  NULL: not of a PCI device   */
};

/* The object that has the line, or NULL. Protection: interrupts off. */
static struct irq_object *connected[NR_IRQS];

struct io_ports {
	struct object object;
	uint32_t      first, count;         /* I                              */
};

/* ---- interrupts --------------------------------------------------------- */

static void irq_came(unsigned irq, void *arg)
{
	struct irq_object *line = arg;

	irq_mask(irq);
	notification_signal(line->notification, line->bits);
}

static int connect(struct irq_object *line)
{
	irqflags_t flags = irq_save();
	int err = irq_set_handler(line->irq, irq_came, line);

	if (!err) {
		connected[line->irq] = line;
		if (line->pci)
			pci_set_command(line->pci, 0, PCI_COMMAND_INTX_OFF);
	}
	irq_restore(flags);
	return err;
}

/* First the device: a later interrupt of it would leave the line masked. */
static void disconnect(struct irq_object *line)
{
	irqflags_t flags = irq_save();

	if (connected[line->irq] == line) {
		if (line->pci)
			pci_set_command(line->pci, PCI_COMMAND_INTX_OFF, 0);
		/* Freeing a line that is ours cannot fail. */
		(void)!irq_set_handler(line->irq, NULL, NULL);
		connected[line->irq] = NULL;
	}
	irq_restore(flags);
}

void irq_object_disconnect(const struct pci_device *pci)
{
	irqflags_t flags = irq_save();
	struct irq_object *line = pci->irq < NR_IRQS ? connected[pci->irq]
						     : NULL;

	if (line && line->pci == pci)
		disconnect(line);
	irq_restore(flags);
}

static void irq_destroy(struct object *object)
{
	struct irq_object *line = container_of(object, struct irq_object,
					       object);

	disconnect(line);
	object_put(&line->notification->object);
	kfree(line);
}

long irq_object_create(unsigned irq, struct notification *notification,
		       uint32_t bits, const struct pci_device *pci)
{
	struct irq_object *line = kzalloc(sizeof(*line), GFP_KERNEL);
	int err = -ENOMEM;

	if (line) {
		line->irq = irq;
		line->notification = notification;
		line->bits = bits;
		line->pci = pci;
		err = connect(line);
	}
	if (err) {
		kfree(line);
		object_put(&notification->object);
		return err;
	}
	object_init(&line->object, OBJECT_IRQ);
	return give_handle(&line->object, RIGHT_TRANSFER | RIGHT_MANAGE);
}

long pg_irq_create(struct trap_regs *regs, unsigned rights)
{
	struct object *object;
	int err;

	if (regs->ebx >= NR_IRQS)
		return -EINVAL;
	err = find_object(regs->ecx, OBJECT_NOTIFICATION, RIGHT_SEND, &object);
	if (err)
		return err;
	return irq_object_create(regs->ebx, object_to_notification(object),
				 regs->edx, NULL);
}

/* Returns: 0; -EPIPE: the line is no longer this object's. */
long pg_irq_ack(struct trap_regs *regs, struct object *object)
{
	const struct irq_object *line = container_of(object, struct irq_object,
						     object);
	irqflags_t flags = irq_save();
	int err = connected[line->irq] == line ? 0 : -EPIPE;

	if (!err)
		irq_unmask(line->irq);
	irq_restore(flags);
	return err;
}

/* ---- I/O ports ---------------------------------------------------------- */

static void io_ports_destroy(struct object *object)
{
	kfree(container_of(object, struct io_ports, object));
}

long pg_io_ports_create(struct trap_regs *regs, unsigned rights)
{
	struct io_ports *ports;

	if (!regs->ecx || regs->ebx >= NR_IO_PORTS ||
	    regs->ecx > NR_IO_PORTS - regs->ebx)
		return -EINVAL;
	ports = kmalloc(sizeof(*ports), GFP_KERNEL);
	if (!ports)
		return -ENOMEM;
	object_init(&ports->object, OBJECT_IO_PORTS);
	ports->first = regs->ebx;
	ports->count = regs->ecx;
	return give_handle(&ports->object, RIGHT_DUP | RIGHT_TRANSFER |
			   RIGHT_MANAGE);
}

/*
 * `fresh` is an empty bitmap, for a task without one.
 * Returns: fresh, or NULL: the task has it now.
 */
static uint8_t *allow_ports(struct task *task, const struct io_ports *ports,
			    uint8_t *fresh)
{
	irqflags_t flags = irq_save();
	uint32_t end = ports->first + ports->count;

	if (task->mm) {     /* a task without a space would never free it */
		if (!task->io_ports) {
			task->io_ports = fresh;
			fresh = NULL;
		}
		for (uint32_t port = ports->first; port < end; port++)
			task->io_ports[port / 8] |= (uint8_t)(1 << port % 8);
		arch_io_ports_changed(task->io_ports);
		if (task == current_task())
			arch_set_io_ports(task->io_ports);
	}
	irq_restore(flags);
	return fresh;
}

long pg_io_ports_allow(struct trap_regs *regs, const struct handle_entry *entry)
{
	const struct io_ports *ports = container_of(entry->object,
						    struct io_ports, object);
	struct task *task;
	uint8_t *fresh;
	int err;

	/* To allow them to another task is to give them away. */
	if (regs->ebx && !(entry->rights & RIGHT_TRANSFER))
		return -EPERM;
	err = find_task(regs->ebx, RIGHT_MANAGE, &task);
	if (err)
		return err;
	fresh = kzalloc(IO_BITMAP_BYTES, GFP_KERNEL);
	if (fresh)
		kfree(allow_ports(task, ports, fresh));
	object_put(&task->object);
	return fresh ? 0 : -ENOMEM;
}

void irq_ports_init(void)
{
	static const struct object_ops irq_ops = { irq_destroy, NULL, NULL };
	static const struct object_ops ports_ops = {
		io_ports_destroy, NULL, NULL,
	};

	object_type_init(OBJECT_IRQ, &irq_ops);
	object_type_init(OBJECT_IO_PORTS, &ports_ops);
}
