static unsigned flush_unused_locked(void) MUST_HOLD(&kmap_lock)
{
	debug_assert_held(&kmap_lock);
	LAB_TODO(1);
	return 0;
}
