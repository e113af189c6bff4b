// SPDX-License-Identifier: MIT
/*
 * names.h - finding servers by name
 */
#pragma once

#include "user/lib/protocol.h"

/* The name server; HANDLE_NAMES but in init, which makes it. */
extern uint32_t names_server;

/* Returns: 0; -EEXIST; -ENOSPC. The server may send to what it is given. */
long names_register(const char *name, uint32_t endpoint);

/* Returns: a handle. Waits until somebody registers the name. */
long names_lookup(const char *name);

/* Returns: a handle, or -ENOENT at once. */
long names_try(const char *name);

/* The i-th name. Returns: 0; -ENOENT. */
long names_list(uint32_t i, char name[WORDS_TEXT_MAX + 1]);
