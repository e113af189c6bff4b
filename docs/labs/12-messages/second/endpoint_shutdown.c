/* Each thread of the queue gets -EPIPE. The wake takes it out. */
static void send_away(const struct list_head *queue)
{
	while (!list_empty(queue))
		end_wait(first_waiting(queue), -EPIPE);
}

void endpoint_shutdown(struct endpoint *endpoint)
{
	irqflags_t flags = irq_save();

	endpoint->dead = true;
	send_away(&endpoint->senders);
	send_away(&endpoint->receivers);
	leave(flags);
	tenure_drop_news(endpoint);
}
