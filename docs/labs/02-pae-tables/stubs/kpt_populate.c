int kpt_populate(kva_t va, unsigned nr)
{
	assert(kpt_owns(va, nr));
	LAB_TODO(8);
	return 0;
}
