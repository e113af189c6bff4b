/* Wait in the queue of senders: a receiver finds all it needs in self->ipc. */
static long wait_in_senders(struct thread *self, struct endpoint *endpoint,
			    struct ipc_op *op)
{
	self->ipc.calls = op->calls;
	self->ipc.parcel = op->parcel;
	self->ipc.wait = IPC_SENDING;
	list_add_tail(&self->run, &endpoint->senders);
	return wait_for_partner(self, NULL, op);
}

/* The receiver that gets the next message. NULL: no thread waits. */
static struct thread *next_receiver(const struct endpoint *endpoint)
{
	struct thread *best = first_waiting(&endpoint->receivers), *other;

	list_for_each_entry(other, &endpoint->receivers, run)
		if (LAB_RECEIVER == LAB_YOUNGEST ||
		    (LAB_RECEIVER == LAB_PRIORITY &&
		     other->priority > best->priority))
			best = other;
	return best;
}

static long send_or_queue(struct thread *self, struct endpoint *endpoint,
			  struct ipc_op *op)
{
	struct thread *receiver;

	op->taken = false;
	if (unlikely(endpoint->dead))
		return -EPIPE;
	if (unlikely(self->killed))
		return -EINTR;
	/* Both ways to wait need these: a reply may come. */
	self->ipc.regs = op->regs;
	self->ipc.label = op->label;
	receiver = next_receiver(endpoint);
	if (receiver)
		return send_to(self, receiver, op);
	if (op->nonblock)
		return -EAGAIN;
	return wait_in_senders(self, endpoint, op);
}
