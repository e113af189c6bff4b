// SPDX-License-Identifier: MIT
/*
 * names.h - finding servers by name
 */
#pragma once

#include "user/lib/protocol.h"

/* The name server: HANDLE_NAMES, except in init, which starts it. */
extern uint32_t names_server;

/*
 * The name server gets the rights to send, and to pass the handle on.
 * Returns: 0; -EEXIST; -ENOSPC: this client has too many names.
 */
long names_register(const char *name, uint32_t endpoint);

/*
 * Waits until a server registers the name.
 * Returns: a handle; -EAGAIN: too many lookups of this client wait already.
 */
long names_lookup(const char *name);

/* Returns: a handle, or -ENOENT at once. */
long names_try(const char *name);

/* The i-th name. Returns: 0; -ENOENT: there is none. */
long names_list(uint32_t i, char name[WORDS_TEXT_MAX + 1]);
