long rendezvous_cancel(struct thread *self)
{
	if (self->ipc.slot)
		settle(self->ipc.slot);
	self->ipc.wait = IPC_IDLE;
	return self->killed ? -EINTR : -ETIMEDOUT;
}
