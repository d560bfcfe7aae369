/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP proxy on a free port of 127.0.0.1 that makes the network bad on demand: slow, silent, cut, refusing, or losing
 * every answer.  It runs in a thread of its own; all functions may be called from any thread and take effect before they
 * return, for connections that exist and for new ones.
 */
#ifndef CSICORE_TEST_SUPPORT_FAULT_PROXY_H
#define CSICORE_TEST_SUPPORT_FAULT_PROXY_H

#include <stdint.h>

struct fault_proxy;

enum fault_proxy_mode {
	FAULT_PROXY_PASS,
	FAULT_PROXY_SILENT, /* accepts and forwards nothing, as a stopped host; PASS delivers what was held back */
	FAULT_PROXY_LOSE_ANSWERS, /* requests reach the server, its answers are thrown away */
	FAULT_PROXY_REFUSE,       /* connections are cut, new ones refused */
};

/* Forwards to to_port of 127.0.0.1, where nothing needs to listen yet.  Aborts where it cannot start. */
struct fault_proxy *fault_proxy_new(uint16_t to_port);
/* Cuts all connections.  NULL is fine. */
void fault_proxy_free(struct fault_proxy *proxy);

uint16_t fault_proxy_port(const struct fault_proxy *proxy);
void fault_proxy_set_mode(struct fault_proxy *proxy, enum fault_proxy_mode mode);
/* How long every byte is under way, in each direction. */
void fault_proxy_set_delay_us(struct fault_proxy *proxy, unsigned delay_us);
/* Resets all connections (RST) now; new ones are fine. */
void fault_proxy_cut(struct fault_proxy *proxy);
/* Resets the connection on which the nth byte of answers from now on would pass, before that byte; 0 takes it back. */
void fault_proxy_cut_before_answer_byte(struct fault_proxy *proxy, uint64_t nth);
/* The same, but is FAULT_PROXY_SILENT from there on. */
void fault_proxy_stall_before_answer_byte(struct fault_proxy *proxy, uint64_t nth);

/* Accepted since the start, and open now. */
unsigned fault_proxy_accepted_count(struct fault_proxy *proxy);
unsigned fault_proxy_open_count(struct fault_proxy *proxy);

#endif
