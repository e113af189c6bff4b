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
	receiver = first_waiting(&endpoint->receivers);
	if (receiver)
		return send_to(self, receiver, op);
	if (op->nonblock)
		return -EAGAIN;
	return wait_in_senders(self, endpoint, op);
}
