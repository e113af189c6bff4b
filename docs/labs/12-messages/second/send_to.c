static long send_to(struct thread *self, struct thread *receiver,
		    struct ipc_op *op)
{
	struct ipc_parcel *parcel = op->parcel;
	struct reply_slot *slot = slot_for(receiver, op->calls, parcel);

	deliver_all(receiver, op->regs, op->label, parcel);
	op->parcel = NULL;
	op->taken = true;
	if (!slot) {
		wake(receiver);
		return 0;
	}
	owe(slot, self);
	return wait_for_partner(self, receiver, op);
}
