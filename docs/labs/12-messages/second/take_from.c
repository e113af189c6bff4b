static long take_from(struct thread *self, struct thread *sender,
		      struct ipc_op *op)
{
	struct ipc_parcel *parcel = sender->ipc.parcel;
	struct reply_slot *slot = slot_for(self, sender->ipc.calls, parcel);
	uint32_t eax = sender->ipc.label | (parcel ? IPC_EXTRAS : 0);

	copy_words(op->regs, sender->ipc.regs);
	op->parcel = parcel;
	sender->ipc.parcel = NULL;
	if (slot) {
		/* A wake takes it out of any list, so its link must be one. */
		list_del_init(&sender->run);
		owe(slot, sender);
	} else {
		end_wait(sender, 0);
	}
	return (long)eax;
}
