// SPDX-License-Identifier: MIT
/*
 * names.h - finding servers by name
 */
#pragma once

#include "user/lib/protocol.h"

/* The name server; HANDLE_NAMES but in init, which makes it. */
extern uint32_t names_server;

/*
 * The server may send to what it is given.
 * Returns: 0; -EEXIST; -ENOSPC: too many names are ours.
 */
long names_register(const char *name, uint32_t endpoint);

/*
 * Waits until somebody registers the name.
 * Returns: a handle; -EAGAIN: too many of us wait already.
 */
long names_lookup(const char *name);

/* Returns: a handle, or -ENOENT at once. */
long names_try(const char *name);

/* The i-th name. Returns: 0; -ENOENT. */
long names_list(uint32_t i, char name[WORDS_TEXT_MAX + 1]);
