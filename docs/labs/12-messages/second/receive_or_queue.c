/* All bits of the bound notification, as a message. At least one is set. */
static long take_bits(struct notification *bound, struct ipc_regs *words)
{
	const struct ipc_regs message = {
		.ebx = notification_take_irqoff(bound, UINT32_MAX),
	};

	copy_words(words, &message);
	return (long)KMSG_LABEL(KMSG_NOTIFICATION, 0, 0);
}

static long wait_in_receivers(struct thread *self, struct endpoint *endpoint,
			      struct ipc_op *op)
{
	self->ipc.regs = op->regs;
	self->ipc.wait = IPC_RECEIVING;
	list_add_tail(&self->run, &endpoint->receivers);
	return wait_for_partner(self, NULL, op);
}

/* Is a sender served before another one that has waited longer? */
static bool overtakes(const struct thread *sender, const struct thread *older)
{
	if (LAB_SENDER == LAB_PRIORITY)
		return sender->priority > older->priority;
	return LAB_SENDER == LAB_CALLERS && sender->ipc.calls &&
	       !older->ipc.calls;
}

/* The sender whose message is next. NULL: no thread waits. */
static struct thread *next_sender(const struct endpoint *endpoint)
{
	struct thread *best = first_waiting(&endpoint->senders), *other;

	list_for_each_entry(other, &endpoint->senders, run)
		if (overtakes(other, best))
			best = other;
	return best;
}

static long receive_or_queue(struct thread *self, struct endpoint *endpoint,
			     struct ipc_op *op)
{
	struct thread *sender;

	/* However this receive ends: nobody will reply to the old caller. */
	reply_slot_fail(&self->ipc.owes, -EPIPE);
	op->parcel = NULL;
	if (unlikely(endpoint->dead))
		return -EPIPE;
	if (unlikely(self->killed))
		return -EINTR;
	if (!list_empty(&endpoint->news))
		return tenure_take_irqoff(endpoint, op->regs, &op->spent);
	if (endpoint->bound && endpoint->bound->bits)
		return take_bits(endpoint->bound, op->regs);
	sender = next_sender(endpoint);
	if (sender)
		return take_from(self, sender, op);
	if (op->nonblock)
		return -EAGAIN;
	return wait_in_receivers(self, endpoint, op);
}
