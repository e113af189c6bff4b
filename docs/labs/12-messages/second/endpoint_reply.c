long endpoint_reply(struct reply_slot *slot, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	struct thread *caller;

	op->taken = slot->caller != NULL;
	if (op->taken) {
		caller = settle(slot);
		deliver_all(caller, op->regs, 0, op->parcel);
		op->parcel = NULL;
		wake(caller);
	}
	leave(flags);
	return op->taken ? 0 : -ESRCH;
}
